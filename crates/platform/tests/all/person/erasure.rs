//! What is erased is nowhere, and what holds an erasure up.

use super::{
    GROUND, IBAN, NAME,
    scene::{Scene, approve, bytes},
};
use crate::{
    check::tamper,
    fixture::SLUG,
    lifecycle::code,
    promise::{assert_broken, assert_kept},
};
use access::Role;
use audit::{policy::Policy, verify::verify};
use jiff::Timestamp;
use platform::{
    Caller, check, file, hold, idempotency, import, ledger,
    person::{self, HitKind, Outcome, RequestKind, Verdict},
    record::{self, Expected},
    revival, sequencer,
    trail::{self, TrailQuery},
    upkeep,
};
use serde_json::json;
use types::{PageSize, ProblemCode};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_people_erase_is_nowhere_and_the_log_still_verifies() {
    let scene = Scene::start().await;
    let list = format!("name\n{NAME}\n");
    let upload = import::upload(&scene.owner, "list.csv", None, bytes(&list))
        .await
        .unwrap();
    assert!(scene.everything().await.contains(NAME));
    let id = scene.proposed().await;
    let found = person::hits(&scene.asker, id).await.unwrap();
    let files = found.iter().filter(|hit| hit.kind == HitKind::File).count();
    assert_eq!(
        (found.len(), files),
        (9, 3),
        "the upload, its papers, the photo: {found:?}"
    );
    let erased = approve(&scene.owner, id).await.unwrap();
    assert_eq!((erased.records, erased.files, erased.left.len()), (6, 3, 0));
    for name in ["plain", "sensitive", "renamed", "trashed", "pictured", "order"] {
        assert_eq!(scene.state(name).await, Some(ProblemCode::NotFound), "{name}");
    }
    assert_eq!(scene.state("other").await, None);
    assert_eq!(
        code(file::open(&scene.owner, scene.photo).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(import::find(&scene.owner, upload.id).await),
        ProblemCode::NotFound
    );
    let everything = scene.everything().await;
    for gone in [NAME, IBAN, "MUSTERMANN", "a chair", "a donor"] {
        assert!(!everything.contains(gone), "{gone}");
    }
    scene.pages_say_erased().await;
    scene.log_says_who().await;
    scene.still_verifies().await;
    for again in [
        approve(&scene.owner, id).await,
        person::carry_on(&scene.owner, id).await,
    ] {
        assert_eq!(code(again), ProblemCode::Conflict, "once is enough");
    }
    assert_kept(&scene.site, "data-subject-rights").await;
}

impl Scene {
    async fn entries(&self) -> Vec<trail::EntryView> {
        let query = TrailQuery {
            limit: PageSize::new(500).unwrap(),
            ..TrailQuery::default()
        };
        trail::list(&self.owner, &query).await.unwrap().entries
    }

    /// The record's history and every entry's page.
    async fn pages_say_erased(&self) {
        let plain = self.records["plain"];
        let history = record::history(&self.owner, "people", plain, None).await.unwrap();
        assert!(history.is_erased && history.steps.len() == 3);
        assert!(history.steps.iter().all(|step| step.changes.is_empty()));
        let mut erased = 0;
        for entry in self.entries().await {
            let detail = trail::find(&self.owner, entry.id).await.unwrap();
            let shown = format!("{detail:?}");
            assert!(!shown.contains("Mustermann") && !shown.contains(IBAN), "{shown}");
            erased += usize::from(detail.is_erased);
        }
        assert!(erased >= 6, "each record's making: {erased}");
    }

    async fn log_says_who(&self) {
        let entries = self.entries().await;
        let of = |action: &str| entries.iter().find(|entry| entry.action == action).unwrap();
        let reason = of("record.purge").reason.as_deref().unwrap();
        let (by, approver) = (
            self.site.account(Role::Accountant),
            self.site.account(Role::Owner),
        );
        for said in [
            GROUND.to_owned(),
            format!("proposed by {by}"),
            format!("approved by {approver}"),
        ] {
            assert!(reason.contains(&said), "{reason}");
        }
        let whole = of("person-request.erase");
        assert_eq!(whole.kind, 2);
        let reason = whole.reason.as_deref().unwrap();
        assert!(reason.starts_with("6 records and 3 files: "), "{reason}");
    }

    /// In the database and, without it, in exports of one organization and of all.
    async fn still_verifies(&self) {
        let platform = &self.site.platform;
        let report = check::organization(platform, &Caller::host(), SLUG)
            .await
            .unwrap();
        assert!(report.is_clean(), "{report:?}");
        sequencer::run_once(platform).await.unwrap().unwrap();
        for slug in [None, Some(SLUG)] {
            let written = ledger::export(platform, &Caller::host(), slug, &[], Vec::new()).await;
            let (_, file) = written.unwrap();
            assert!(!file.windows(NAME.len()).any(|part| part == NAME.as_bytes()));
            let policy = ledger::policy(platform, &Caller::host()).await.unwrap();
            let report = verify(&file[..], &Policy::parse(policy.as_bytes()).unwrap(), None).unwrap();
            assert!(report.holds(), "{report:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_kept_goes_too_and_the_request_is_not_carried_out_twice() {
    let scene = Scene::start().await;
    let caller = scene.owner.caller();
    let organization = Some(scene.owner.organization().id);
    let begin = || {
        idempotency::begin(
            &scene.site.platform,
            caller,
            organization,
            "POST /r",
            "a-key",
            [7; 32],
        )
    };
    let idempotency::Begun::Fresh(ticket) = begin().await.unwrap() else {
        panic!("a new key");
    };
    idempotency::finish(&scene.site.platform, ticket, NAME.as_bytes())
        .await
        .unwrap();
    assert!(matches!(
        begin().await.unwrap(),
        idempotency::Begun::Replay(answer) if answer == NAME.as_bytes()
    ));
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    assert_eq!(code(begin().await), ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_hold_the_whole_request_waits_and_goes_on_when_it_is_lifted() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let place = || async {
        let new = hold::NewHold {
            reason: "an investigation".to_owned(),
            person: "the court".to_owned(),
            concerns: None,
        };
        hold::place(&scene.owner, new).await.unwrap()
    };
    let held = place().await;
    assert_eq!(code(approve(&scene.owner, id).await), ProblemCode::Held);
    for name in ["plain", "trashed"] {
        assert_eq!(scene.state(name).await, None, "{name}");
    }
    // Closed under a hold: the words wait with the rest.
    let access = scene.open(RequestKind::Access).await;
    person::close(&scene.asker, access, Outcome::Refused, "we cannot tell who asks")
        .await
        .unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    hold::lift(&scene.owner, held, "it is over").await.unwrap();
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "the words of 1 closed requests",
    )
    .await;
    upkeep::remove_abandoned(&scene.site.platform, Timestamp::now())
        .await
        .unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    assert_eq!(approve(&scene.owner, id).await.unwrap().records, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_refer_to_is_told_and_goes_when_they_let_go() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Erasure).await;
    person::search(&scene.asker, id).await.unwrap();
    let found = person::hits(&scene.asker, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&scene.asker, id, &found, Verdict::Theirs)
        .await
        .unwrap();
    person::search(&scene.asker, id).await.unwrap();
    let order = [scene.records["order"].0];
    person::mark(&scene.asker, id, &order, Verdict::Other)
        .await
        .unwrap();
    person::propose(&scene.asker, id, GROUND).await.unwrap();
    let erased = approve(&scene.owner, id).await.unwrap();
    assert_eq!((erased.records, erased.left.len()), (4, 1), "{erased:?}");
    let request = person::find(&scene.asker, id).await.unwrap().request;
    assert!(request.approved.is_some() && request.closed.is_none());
    let refused = person::close(&scene.asker, id, Outcome::Refused, "too much work").await;
    assert_eq!(code(refused), ProblemCode::Conflict);
    tamper(
        &scene.site,
        "UPDATE {o}._person_request SET approved_at = approved_at - interval '25 hours'",
    )
    .await;
    assert_broken(&scene.site, "data-subject-rights", "is approved and not done").await;
    let fields = json!({"customer": null});
    record::update(
        &scene.owner,
        "orders",
        scene.records["order"],
        Expected::Any,
        fields.as_object().unwrap(),
    )
    .await
    .unwrap();
    let admin = scene.site.as_role(Role::Administrator).await;
    let erased = person::carry_on(&admin, id).await.unwrap();
    assert_eq!((erased.records, erased.left.len()), (5, 0));
    assert_kept(&scene.site, "data-subject-rights").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_of_the_platform_erases_again_what_was_erased() {
    let scene = Scene::start().await;
    let moment = Timestamp::now();
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    let outlook = revival::look(&scene.site.platform, &Caller::host(), moment)
        .await
        .unwrap();
    assert_eq!(outlook.carried_over.erased.len(), 6);
    assert_eq!(outlook.carried_over.files.len(), 1, "the photo");
}
