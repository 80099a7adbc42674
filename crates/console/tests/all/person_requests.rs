//! What persons ask for on the pages: written down, found, marked, proposed by one and erased by another.

use super::{
    person::Person,
    sample::{Page, at, badge, chrome, page},
    site::Site,
};
use console::view::{
    CellKind, Fact, FieldInput, HitRow, InputKind, Nav, PersonRequestPage, PersonRequestRow,
    PersonRequestsPage, TableCell, Tone,
};
use serde_json::json;
use testkit::browser::Scripts;

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/person-requests", &list(true)),
        page("/states/person-requests-none", &list(false)),
        page("/o/northwind/person-requests/17", &request(false)),
        page("/states/person-request-proposed", &request(true)),
    ]
}

fn list(some: bool) -> PersonRequestsPage {
    let row = |id: &str, reference: &str, kind: &str, state, due, closed: bool| PersonRequestRow {
        id: id.into(),
        reference: reference.into(),
        kind: kind.into(),
        state,
        due,
        closed: closed.then(|| at("9 Mar 2026, 16:30 UTC")),
    };
    let rows = vec![
        row(
            "17",
            "DSR 2026-17",
            "Erasure",
            badge("Waits for approval", Tone::Warn),
            badge("12 Mar 2026, overdue", Tone::Bad),
            false,
        ),
        row(
            "18",
            "DSR 2026-18",
            "Their data",
            badge("Open", Tone::Accent),
            badge("9 Apr 2026, in 28 days", Tone::Neutral),
            false,
        ),
        row(
            "16",
            "DSR 2026-16",
            "Erasure",
            badge("Erased", Tone::Good),
            badge("1 Mar 2026", Tone::Neutral),
            true,
        ),
    ];
    PersonRequestsPage {
        chrome: chrome("Persons' requests", Nav::PersonRequests),
        organization: "northwind".into(),
        requests: if some { rows } else { vec![] },
        fields: vec![
            FieldInput::new("reference", "Your number for it", InputKind::Text).required(),
            FieldInput::new("received_on", "Received on", InputKind::Date),
            FieldInput::new("words", "What to look for", InputKind::LongText).required(),
        ],
        failure: None,
    }
}

fn request(proposed: bool) -> PersonRequestPage {
    let fact = |label: &str, text: &str| Fact {
        label: label.into(),
        cell: TableCell::new(text, CellKind::Text),
    };
    let hit = |id: &str, name: &str, found: &str, verdict, state| HitRow {
        id: id.into(),
        name: name.into(),
        href: Some(format!("/o/northwind/d/people/r/{id}")),
        found_in: found.into(),
        verdict,
        state,
    };
    let input = |name: &str, label: &str| vec![FieldInput::new(name, label, InputKind::Text).required()];
    PersonRequestPage {
        chrome: chrome("DSR 2026-17", Nav::PersonRequests),
        path: "/o/northwind/person-requests/17".into(),
        state: match proposed {
            true => badge("Waits for approval", Tone::Warn),
            false => badge("Searched", Tone::Accent),
        },
        facts: vec![
            fact("Asks for", "Erasure"),
            fact("Due", "12 Mar 2026, in 3 days"),
            fact("Written down", "12 Feb 2026, 10:00 UTC, by Grace Abara"),
        ],
        words: vec!["Erika Mustermann".into(), "DE89 3704 0044 0532 0130 00".into()],
        search: (!proposed).then(|| "Search again".into()),
        hits: vec![
            hit(
                "01",
                "People 018f3a2b",
                "iban; name",
                badge("Theirs", Tone::Accent),
                badge("There", Tone::Neutral),
            ),
            hit(
                "02",
                "Orders 018f3a2c",
                "note, earlier",
                badge("Undecided", Tone::Warn),
                badge("In the trash", Tone::Neutral),
            ),
            hit(
                "03",
                "People 018f3a2d",
                "name",
                badge("Somebody else's", Tone::Neutral),
                badge("There", Tone::Neutral),
            ),
        ],
        may_mark: !proposed,
        may_hand_over: !proposed,
        approvable: proposed.then(|| "2026-03-12T14:02:31.000001Z".to_owned()),
        may_carry_on: false,
        may_withdraw: proposed,
        proposal_fields: if proposed {
            vec![]
        } else {
            input("ground", "Legal ground")
        },
        extension_fields: if proposed { vec![] } else { input("because", "Why") },
        end_fields: input("note", "What was answered, or why not"),
        failure: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_data_is_found_and_erased_by_two_people() {
    found_and_erased(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_data_is_found_and_erased_by_two_people_without_scripts() {
    found_and_erased(Scripts::Blocked).await;
}

async fn found_and_erased(scripts: Scripts) {
    let site = Site::start().await;
    let owner = site.workspace("owner", "acme").await;
    let field =
        |label: &str, kind: &str| serde_json::from_value(json!({"label": label, "kind": kind})).unwrap();
    let draft = platform::dataset::DatasetDraft {
        key: String::new(),
        label: "People".to_owned(),
        description: String::new(),
        fields: vec![field("Name", "text"), field("Iban", "sensitive_text")],
    };
    platform::dataset::create(&owner, draft).await.unwrap();
    let mut ids = Vec::new();
    for (name, iban) in [
        ("Erika Mustermann", "DE89370400440532013000"),
        ("Max Other", "DE02120300000000202051"),
    ] {
        let fields = json!({"name": name, "iban": iban});
        let made = platform::record::create(&owner, "people", fields.as_object().unwrap()).await;
        ids.push(made.unwrap().record.id);
    }
    let asker = Person::new(&site, scripts).await;
    asker.sign_in("accountant").await;
    asker.open("/o/acme/person-requests").await;
    asker.sees("Nobody has asked").await;
    asker.press("Write a request down").await;
    asker.choose("kind", "erasure").await;
    asker.fill("reference", "DSR 7").await;
    asker.fill("words", "Erika Mustermann").await;
    asker.press("Write it down").await;
    asker.sees("The request was written down").await;
    let path = asker.path().await;
    let path = path.split('?').next().unwrap().to_owned();
    asker.submit("/search").await;
    asker.sees("The search has come to its end").await;
    asker.sees("Undecided").await;
    asker.does_not_see("Propose the erasure").await;
    asker.tick("hit", &ids[0].to_string()).await;
    asker.press("The ticked ones are theirs").await;
    asker.sees("Saved whose they are").await;
    asker.press("Propose the erasure").await;
    asker.fill("ground", "consent withdrawn").await;
    asker.submit("/propose").await;
    asker.sees("Another administrator approves it").await;
    asker.does_not_see("Approve and erase").await;
    asker.heard_no_complaint().await;
    let approver = Person::new(&site, scripts).await;
    approver.sign_in("administrator").await;
    approver.open(&path).await;
    approver.press("Approve and erase").await;
    approver.sees("What was theirs is erased").await;
    approver.sees("Gone").await;
    approver.does_not_see("Mustermann").await;
    approver
        .open(&format!("/o/acme/d/people/r/{}/history", ids[0]))
        .await;
    approver.sees("its key is destroyed").await;
    approver.does_not_see("Mustermann").await;
    approver.open("/o/acme/person-requests").await;
    approver.sees("Erased").await;
    approver.heard_no_complaint().await;
}
