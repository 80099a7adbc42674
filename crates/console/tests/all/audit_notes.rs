//! The note of the day on its pages: printed for auditors, mailed for operators, and compared when somebody comes back with one.

use super::{
    client::Client,
    sample::{Page, at, badge, chrome, page},
    site::{Site, email},
};
use console::view::{
    AuditNotePage, ComparedRow, FieldInput, InputKind, Nav, NoteAddresses, PrintedNote, Tone,
};
use platform::{Caller, ledger, operator};
use std::time::Duration;

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/audit/note", &sample(true)),
        page("/states/audit-note-empty", &sample(false)),
    ]
}

fn sample(some: bool) -> AuditNotePage {
    let note = "records.example.org/log/0a1b2c3d\n20852\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} records.example.org/log/0a1b2c3d AAAA\n";
    let printed = PrintedNote {
        size: "20,852".into(),
        at: Some(at("12 Mar 2026, 14:02 UTC")),
        note: note.into(),
        picture: "<svg class=\"qr\" viewBox=\"0 0 8 8\" role=\"img\" aria-label=\"QR code of the checkpoint above\"></svg>".into(),
        older: Some(note.into()),
        older_text: Some("Signed by 2 witnesses elsewhere, up to 20,840 entries".into()),
    };
    let compared = ComparedRow {
        what: "Receipt of leaf 17".into(),
        size: "20,840".into(),
        word: badge("The log bears it out", Tone::Good),
    };
    let addresses = NoteAddresses {
        has_mail: false,
        sent: Some(at("12 Mar 2026, 00:00 UTC")),
        trouble: Some("mail.example.org takes nothing".into()),
    };
    AuditNotePage {
        chrome: chrome("Note of the day", Nav::Audit),
        path: "/o/northwind/audit/note".into(),
        note: some.then_some(printed),
        kept: vec![compared; usize::from(some)],
        fields: vec![FieldInput::new(
            "kept",
            "A note or receipt that was kept",
            InputKind::LongText,
        )],
        addresses: some.then_some(addresses),
        address_fields: vec![FieldInput::new("addresses", "Addresses", InputKind::LongText)],
        failure: None,
    }
}

async fn signed() -> Site {
    let site = Site::start().await;
    let is_signed = async || matches!(ledger::checkpoint(&site.platform).await, Ok(Some(_)));
    testkit::wait_until(Duration::from_secs(30), "the log to be signed", is_signed)
        .await
        .unwrap();
    site
}

/// What stands in the first element of that class, without its markup.
fn note_of(body: &str) -> String {
    let (_, rest) = body.split_once("<pre class=\"note-text\">").unwrap();
    let text = rest.split_once("</pre>").unwrap().0;
    text.replace("&#43;", "+").replace("&#x2b;", "+")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_prints_the_note_and_compares_it_later() {
    let site = signed().await;
    let walk = move || {
        let page = "/o/acme/audit/note";
        let mut owner = Client::signed_in(&site, "owner");
        let shown = owner.get(page);
        assert!(
            shown.body.contains("QR code of the checkpoint above"),
            "{}",
            shown.body
        );
        assert!(!shown.body.contains("By mail, once a day"));
        let kept = note_of(&shown.body);
        let compared = owner.submit(page, page, &[("kept", &kept)]);
        assert!(
            compared.body.contains("The log bears it out"),
            "{}",
            compared.body
        );
        let forged = kept.replacen('\n', "\n1", 1);
        let compared = owner.submit(page, page, &[("kept", &forged)]);
        assert!(
            compared.body.contains("This log never signed it"),
            "{}",
            compared.body
        );
        let junk = owner.submit(page, page, &[("kept", "Best regards")]);
        assert_eq!(junk.status, 422);
        assert!(junk.body.contains("Nothing was compared"), "{}", junk.body);
        assert_eq!(Client::signed_in(&site, "viewer").get(page).status, 403);
        assert_eq!(owner.get("/appliance/audit-note").status, 404);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_name_whom_the_note_goes_to() {
    let site = signed().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    let walk = move || {
        let (page, target) = ("/appliance/audit-note", "/appliance/audit-note/addresses");
        let mut operator = Client::signed_in(&site, "viewer");
        let shown = operator.get(page);
        assert!(shown.body.contains("Mail is not set"), "{}", shown.body);
        let wrong = operator.submit(page, target, &[("addresses", "auditor@example.org\r\nnobody")]);
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.body.contains("were not saved") && wrong.body.contains("nobody</textarea>"),
            "{}",
            wrong.body
        );
        let right = "auditor@example.org\r\n\r\n board@example.org";
        let saved = operator.submit(page, target, &[("addresses", right)]);
        assert_eq!(saved.location(), "/appliance/audit-note?notice=saved");
        assert!(
            operator
                .get(page)
                .body
                .contains("auditor@example.org\nboard@example.org")
        );
        let kept = note_of(&operator.get(page).body);
        let compared = operator.submit(page, page, &[("kept", &kept)]);
        assert!(
            compared.body.contains("The log bears it out"),
            "{}",
            compared.body
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
