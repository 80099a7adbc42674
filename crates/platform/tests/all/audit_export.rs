//! The export as an auditor gets it, verified with the policy alone; the promises of the log, each seen broken.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    deletion::DUE,
    fixture::{SLUG, Site, field},
    promise::{assert_broken, assert_kept, check},
};
use access::Role;
use audit::{
    Checkpoint,
    note::Note,
    policy::Policy,
    verify::{Report, verify},
};
use platform::{
    Caller, PlatformError,
    bulk::{self, Operation},
    deletion,
    ledger::{self, Exported},
    record::{self, Expected},
    sequencer, upkeep,
};
use promises::{Outcome, State};
use serde_json::{Value as Json, json};
use types::{FieldKind, ProblemCode};

fn input(json: Json) -> serde_json::Map<String, Json> {
    json.as_object().cloned().unwrap()
}

/// A log with every kind of entry: single acts, a bulk act, an erased record, two organizations.
async fn logged() -> Site {
    let site = Site::start().await;
    let owner = a_ledger(&site).await;
    let mut operations = Vec::new();
    for number in 0..6 {
        let id = create(&owner, number).await.record.id;
        let fields = input(json!({ "name": "together" }));
        operations.push(Operation::Update {
            id,
            version: None,
            fields,
        });
    }
    let victim = create(&owner, 9).await.record.id;
    bulk::apply(&owner, "ledger", operations).await.unwrap();
    record::trash(&owner, "ledger", victim, Expected::Any)
        .await
        .unwrap();
    record::purge(&owner, "ledger", victim, Expected::Any)
        .await
        .unwrap();
    let other = site.second_organization().await;
    site.dataset(&other, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    for text in ["one", "two"] {
        record::create(&other, "notes", &input(json!({ "text": text })))
            .await
            .unwrap();
    }
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    site
}

async fn export(site: &Site, slug: Option<&str>) -> Result<(Exported, Vec<u8>), PlatformError> {
    ledger::export(&site.platform, &Caller::host(), slug, &[], Vec::new()).await
}

async fn verified(site: &Site, file: &[u8]) -> Report {
    let policy = ledger::policy(&site.platform, &Caller::host()).await.unwrap();
    verify(file, &Policy::parse(policy.as_bytes()).unwrap(), None).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_everything_verifies_and_no_changed_bit_of_it_does() {
    let site = logged().await;
    let (exported, file) = export(&site, None).await.unwrap();
    let report = verified(&site, &file).await;
    assert!(report.holds(), "{report:?}");
    assert_eq!(
        (exported.shown, exported.missing),
        (exported.size, 0),
        "{exported:?}"
    );
    assert!(exported.gone >= 2, "the erased record's images: {exported:?}");
    assert_eq!(report.counts.images, exported.images);
    let policy = ledger::policy(&site.platform, &Caller::host()).await.unwrap();
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    // Numbers that look random and are the same each time (a linear congruence over 64 bits).
    let mut number = 1_u64;
    for _ in 0..10_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let bit = usize::try_from(number >> 33).unwrap() % (file.len() * 8);
        let mut changed = file.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&changed[..], &policy, None).unwrap().holds(), "bit {bit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizations_export_verifies_and_shows_nothing_of_others() {
    let site = logged().await;
    let (exported, file) = export(&site, Some("globex")).await.unwrap();
    let report = verified(&site, &file).await;
    assert!(report.holds(), "{report:?}");
    assert!(
        exported.shown < exported.size && exported.missing == 0,
        "{exported:?}"
    );
    assert_eq!(report.counts.hidden + report.counts.leaves, exported.size);
    let needle = b"Row 1";
    assert!(!file.windows(needle.len()).any(|part| part == needle));
    let unknown = export(&site, Some("nowhere")).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
    let caller = site.caller(Role::Owner);
    let refused = ledger::export(&site.platform, &caller, None, &[], Vec::new())
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizations_export_is_compared_with_an_earlier_checkpoint_where_it_is_cut() {
    let site = logged().await;
    let kept = ledger::checkpoint(&site.platform).await.unwrap().unwrap();
    let since = Note::parse(kept.note.as_bytes()).unwrap();
    let since = Checkpoint::parse(since.text()).unwrap();
    let owner = site.as_role(Role::Owner).await;
    for number in 10..20 {
        create(&owner, number).await;
    }
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let policy = ledger::policy(&site.platform, &Caller::host()).await.unwrap();
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    // What is left out of globex's spans the earlier size, unless it is cut there.
    for (cuts, holds) in [(vec![since.size], true), (Vec::new(), false)] {
        let host = Caller::host();
        let written = ledger::export(&site.platform, &host, Some("globex"), &cuts, Vec::new()).await;
        let report = verify(&written.unwrap().1[..], &policy, Some(&since)).unwrap();
        assert_eq!(
            (report.holds(), report.is_broken()),
            (holds, false),
            "{cuts:?}: {report:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_after_the_deletion_of_an_organization_still_verifies() {
    let site = logged().await;
    let owner = site.as_role(Role::Owner).await;
    deletion::order(&owner, SLUG, 1).await.unwrap();
    tamper(&site, DUE).await;
    assert_eq!(deletion::tend(&site.platform).await.unwrap(), 1);
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let (exported, file) = export(&site, None).await.unwrap();
    let report = verified(&site, &file).await;
    assert!(report.holds(), "{report:?}");
    assert!(exported.gone > 10 && exported.missing == 0, "{exported:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_superuser_changed_breaks_the_promise_of_an_offline_proof() {
    for sql in [
        "UPDATE {o}._entry SET header = set_byte(header, 60, 255 - get_byte(header, 60)) WHERE sequence = 2",
        "UPDATE {o}._image SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) WHERE version = 1",
        "DELETE FROM {o}._entry WHERE sequence = 3",
    ] {
        let site = logged().await;
        assert_kept(&site, "audit-offline-proof").await;
        tamper(&site, sql).await;
        assert_broken(&site, "audit-offline-proof", "").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_not_said_to_be_immutable_without_a_witness_and_is_broken_when_it_was_changed() {
    let site = logged().await;
    let verdict = check(&site.platform, "audit-immutable").await;
    assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
    assert!(verdict.reason.contains("no witness"), "{verdict:?}");
    tamper(
        &site,
        "UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 9) WHERE index = 2",
    )
    .await;
    assert_broken(&site, "audit-immutable", "leaf 2 is another in the database").await;
    tamper(
        &site,
        "UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 0) WHERE index = 2",
    )
    .await;
    let old = "UPDATE strongroom.audit_pending SET appended_at = now() - interval '2 minutes'";
    create(&site.as_role(Role::Owner).await, 30).await;
    tamper(&site, old).await;
    assert_broken(&site, "audit-immutable", "wait for the log").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nightly_check_names_what_was_edited_in_the_database_and_comes_once_a_day() {
    let site = logged().await;
    let clean = upkeep::scrub_if_due(&site.platform).await.unwrap().unwrap();
    assert!(
        matches!(&clean.outcome, Outcome::Looked { faults, .. } if faults.is_empty()),
        "{clean:?}"
    );
    assert_eq!(upkeep::scrub_if_due(&site.platform).await.unwrap(), None);
    let yesterday = "UPDATE strongroom.promise_observation SET checked_at = checked_at - interval '25 hours',
        observation = jsonb_set(observation, '{checked_at_us}', to_jsonb((observation ->> 'checked_at_us')::bigint - 90000000000))
        WHERE promise_id = 'audit-scrub'; UPDATE {o}.d1 SET f1 = 'forged'
        WHERE id = (SELECT min(id::text)::uuid FROM {o}.d1)";
    tamper(&site, yesterday).await;
    let found = upkeep::scrub_if_due(&site.platform).await.unwrap().unwrap();
    let Outcome::Looked { faults, .. } = found.outcome else {
        panic!("it looked");
    };
    assert!(
        faults
            .iter()
            .any(|fault| fault.where_.starts_with("acme, ") && fault.where_.contains("record")),
        "{faults:?}"
    );
    assert_broken(&site, "audit-immutable", "outside any audited act").await;
}
