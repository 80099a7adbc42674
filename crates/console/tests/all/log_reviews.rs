//! The review of the security logs on its page: looked at, and signed with a note.

use super::{
    person::Person,
    sample::{Page, at, badge, chrome, page},
    site::Site,
};
use console::view::{
    AccessReviewRow, ActReviewRow, FieldInput, InputKind, LogReviewPage, Nav, SignedReviewRow, Tone,
};
use testkit::browser::Scripts;

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/log-review", &review(true)),
        page("/states/log-review-empty", &review(false)),
    ]
}

fn review(some: bool) -> LogReviewPage {
    let access = AccessReviewRow {
        who: "nobody known".into(),
        address: "192.0.2.66".into(),
        action: "sign-in".into(),
        outcome: "refused".into(),
        count: "17".into(),
        last: at("11 Mar 2026, 03:12 UTC"),
    };
    let act = ActReviewRow {
        concern: "Roles, members, tokens".into(),
        action: badge("Member: set role", Tone::Neutral),
        count: "2".into(),
        who: "Ada Okonkwo".into(),
        last: at("10 Mar 2026, 09:00 UTC"),
        entry_href: "/o/northwind/audit/17".into(),
    };
    let signed = SignedReviewRow {
        who: "Ada Okonkwo".into(),
        at: at("12 Dec 2025, 14:02 UTC"),
        until: at("12 Dec 2025, 14:00 UTC"),
        note: "17 failed sign-ins from one address, blocked; nothing else".into(),
    };
    let few = usize::from(some);
    LogReviewPage {
        chrome: chrome("Review of the security logs", Nav::LogReview),
        path: "/o/northwind/log-review".into(),
        begins: at("12 Dec 2025, 14:02 UTC"),
        ends: at("12 Mar 2026, 14:02 UTC"),
        ends_at: "2026-03-12T14:02:31Z".into(),
        sha256: "3f9a".repeat(16),
        access_is_cut: some,
        acts_since: some.then(|| at("14 Jan 2026, 00:00 UTC")),
        access: vec![access; few],
        acts: vec![act; few],
        signed: vec![signed; few],
        fields: vec![FieldInput::new("note", "What you looked at and found", InputKind::LongText).required()],
        failure: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_looks_at_the_logs_and_signs() {
    let site = Site::start().await;
    let owner = Person::new(&site, Scripts::Allowed).await;
    owner.sign_in("owner").await;
    owner.open("/o/acme/log-review").await;
    owner.sees("Who came in, and what was refused").await;
    owner.fill("note", "ok").await;
    owner.submit("/log-review").await;
    owner.sees("5 to 2000 characters").await;
    owner.fill("note", "I looked at all of it").await;
    owner.submit("/log-review").await;
    owner.sees("The review was signed").await;
    owner.sees("I looked at all of it").await;
    owner.open("/o/acme/audit").await;
    owner.sees("Log review: sign").await;
    owner.heard_no_complaint().await;
}
