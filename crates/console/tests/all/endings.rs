//! The operators' page of deletions and holds: a sample, and what a hold of the host shows there, and to whom.

use super::{
    client::Client,
    sample::{Page, at, badge, chrome, page},
    site::{Site, email},
};
use console::view::{CertificateRow, EndingRow, EndingsPage, Nav, Tone};
use platform::{
    Caller,
    hold::{self, NewHold},
    operator,
};

const ENDINGS: &str = "/appliance/endings";

pub(super) fn pages() -> Vec<Page> {
    vec![
        page(ENDINGS, &endings(true)),
        page("/states/endings-none", &endings(false)),
    ]
}

fn row(name: &str, state: &'static str, why: &str) -> EndingRow {
    EndingRow {
        name: name.into(),
        state: badge(state, Tone::Warn),
        why: why.into(),
        at: Some(at("12 Mar 2026, 14:01:12 UTC")),
    }
}

fn endings(is_any: bool) -> EndingsPage {
    let mut page = EndingsPage {
        chrome: chrome("Deletions and holds", Nav::Appliance),
        to_come: Vec::new(),
        holds: Vec::new(),
        deleted: Vec::new(),
    };
    if is_any {
        page.to_come
            .push(row("Northwind", "To be deleted", "An owner ordered it."));
        page.holds.push(row(
            "Southwind",
            "In force",
            "An owner placed it, and owners lift it.",
        ));
        page.deleted.push(CertificateRow {
            name: "Westwind".into(),
            at: at("1 Mar 2026, 02:10:41 UTC"),
            copies: "15 Mar 2026, 02:10:41 UTC".into(),
            note: "Backups that hold the data are let go of by then.".into(),
            id: "018f6f2e-0d5e-7c3d-8a6b-2f3f8b9c1d2e".into(),
            text: "{\n  \"format\": \"strongroom-deletion-certificate-1\"\n}\n".into(),
            signature: "mIKtSyZlE3uFJELVlNIOLJ1OE".into(),
        });
    }
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_that_a_hold_is_in_force_and_not_why() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let new = NewHold {
        reason: "the quarrel about pier nine".to_owned(),
        person: "the court of Bergen".to_owned(),
        concerns: None,
    };
    hold::place_at_host(&site.platform, &Caller::host(), "acme", new)
        .await
        .unwrap();
    let walk = move || {
        let mut owner = Client::signed_in(&site, "owner");
        assert_eq!(owner.get(ENDINGS).status, 404);
        let mut operator = Client::signed_in(&site, "viewer");
        assert!(operator.get("/appliance").body.contains(ENDINGS));
        let page = operator.get(ENDINGS);
        for shown in [
            "No organization ends",
            "Nothing was deleted",
            "In force",
            "the host, which alone can lift it",
        ] {
            assert!(page.body.contains(shown), "{shown} is not shown:\n{}", page.body);
        }
        for hidden in ["pier nine", "Bergen"] {
            assert!(!page.body.contains(hidden), "{hidden} is an owner's to know");
        }
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
