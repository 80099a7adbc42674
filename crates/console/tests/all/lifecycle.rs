//! The life of an organization on the pages: cancelled, taken back, its deletion ordered and called back, holds.

use super::{
    client::Client,
    person::Person,
    sample::{Page, at, badge, chrome, page},
    site::{PASSWORD, Site, email},
};
use console::view::{
    Banner, Choice, Chrome, DeletionNotice, FieldInput, HoldRow, InputKind, LifecyclePage, Nav, Tone,
};
use testkit::browser::Scripts;

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/about", &about(false)),
        page("/states/organization-ending", &about(true)),
    ]
}

fn about(ending: bool) -> LifecyclePage {
    let hold = |lifted: bool| HoldRow {
        id: if lifted { "18" } else { "17" }.into(),
        person: "District court of Hamburg".into(),
        reason: "File 17 O 4/26: invoices of 2025 are looked into".into(),
        concerns: (!lifted).then(|| "Grace Abara".into()),
        state: if lifted {
            badge("Lifted", Tone::Neutral)
        } else {
            badge("In force", Tone::Warn)
        },
        placed: at("3 Mar 2026, 09:00 UTC"),
        lifted: lifted.then(|| at("9 Mar 2026, 16:30 UTC")),
        may_lift: !lifted,
    };
    let banner = Banner {
        is_on: true,
        text: "This organization will be deleted for good on 13 March 2026, 02:02 UTC.".into(),
        message: None,
    };
    LifecyclePage {
        chrome: Chrome {
            lifecycle: ending.then_some(banner),
            ..chrome("Organization", Nav::Lifecycle)
        },
        organization: "northwind".into(),
        state: match ending {
            true => badge("Cancelled", Tone::Warn),
            false => badge("Active", Tone::Good),
        },
        meaning: "The organization is in use. An owner can cancel it, or order its deletion.".into(),
        cancelled: ending.then(|| at("12 Dec 2025, 14:02 UTC")),
        export_until: ending.then(|| at("12 Mar 2026, 14:02 UTC")),
        window_days: 90,
        deletion: ending.then(|| DeletionNotice {
            cause: "because the time for exports is over".into(),
            ordered: at("12 Mar 2026, 14:02 UTC"),
            due: at("13 Mar 2026, 14:02 UTC"),
        }),
        is_held: false,
        may_restore: true,
        may_end: true,
        is_cancelled: ending,
        deletion_fields: vec![
            FieldInput::new("name", "The organization's name in addresses", InputKind::Text).required(),
            FieldInput::new("hours", "Hours until then", InputKind::Integer)
                .with_value("12")
                .required(),
        ],
        may_hold: true,
        holds: if ending {
            vec![]
        } else {
            vec![hold(false), hold(true)]
        },
        hold_fields: vec![
            FieldInput::new("person", "On whose order", InputKind::Text).required(),
            FieldInput::new("reason", "Reason", InputKind::Text).required(),
            FieldInput::new(
                "concerns",
                "Who is looked into",
                InputKind::Choice(vec![Choice::new("", "Nobody here")]),
            ),
        ],
        failure: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_is_cancelled_held_and_its_deletion_called_back_with_scripts() {
    end_and_take_back(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_is_cancelled_held_and_its_deletion_called_back_without_scripts() {
    end_and_take_back(Scripts::Blocked).await;
}

async fn end_and_take_back(scripts: Scripts) {
    let site = Site::start().await;
    let person = Person::new(&site, scripts).await;
    person.sign_in("owner").await;
    person.open("/o/acme/about").await;
    person.sees("The organization is in use").await;
    person.press("Cancel the organization").await;
    person.sees("The organization is cancelled").await;
    person.open("/o/acme/datasets").await;
    person.sees("nothing in it changes").await;
    person.open("/o/acme/about").await;
    person.press("Delete for good").await;
    person.fill("name", "another").await;
    person.press("Order the deletion").await;
    person.sees("Type acme to delete").await;
    person.fill("name", "acme").await;
    person.press("Order the deletion").await;
    person.sees("This organization will be deleted for good on").await;
    person.press("Call the deletion back").await;
    person.sees("The deletion is called back").await;
    person.press("Place a hold").await;
    person.fill("person", "The district court").await;
    person.fill("reason", "file 17 O 4/26").await;
    person.press("Place the hold").await;
    person.sees("The hold is in force").await;
    person.does_not_see("Order the deletion").await;
    person.press("Take the cancellation back").await;
    person.sees("The cancellation is taken back").await;
    person.heard_no_complaint().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_where_the_organization_stands_and_is_offered_nothing() {
    let site = std::sync::Arc::new(Site::start().await);
    let kept = std::sync::Arc::clone(&site);
    let work = move || {
        let mut viewer = Client::new(&site);
        viewer.sign_in(&email("viewer"), PASSWORD, "/o/acme/about");
        let page = viewer.get("/o/acme/about");
        assert_eq!(page.status, 200);
        for offered in ["Cancel the organization", "Order the deletion", "Legal holds"] {
            assert!(!page.body.contains(offered), "{offered}");
        }
        let token = page.token();
        for act in ["cancel", "reinstate", "delete", "keep", "holds"] {
            let fields = [
                ("csrf", token.as_str()),
                ("name", "acme"),
                ("hours", "1"),
                ("reason", "because"),
                ("person", "me"),
            ];
            let answer = viewer.post(&format!("/o/acme/about/{act}"), &fields);
            assert_eq!(answer.status, 403, "{act}");
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap();
    drop(kept);
}
