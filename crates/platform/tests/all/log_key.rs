//! The exchange of the key that signs the log: who pinned the old one goes on verifying, and is led to the new one by what it signed.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::Site,
    ledger::{HOMES, recover},
    sequencer::flood,
};
use access::Role;
use audit::{
    note::Note,
    policy::Policy,
    receipt::Receipt,
    rotation::{Announcement, Succession},
    verify::{Report, Verdict, verify},
};
use jiff::Timestamp;
use platform::{
    Caller, PlatformError,
    ledger::{
        self, LedgerError, Plan, Proof, Step,
        kept::{self, Word},
        rotation::{self, Rotation},
        witness,
    },
    sequencer, trail,
};
use std::fs;
use tokio::runtime::Handle;
use types::ProblemCode;

struct Signing {
    site: Site,
    number: usize,
}

impl Signing {
    async fn start() -> Self {
        let site = Site::start().await;
        a_ledger(&site).await;
        let mut signing = Self { site, number: 0 };
        signing.write().await;
        signing
    }

    /// A record, sequenced and signed.
    async fn write(&mut self) {
        self.number += 1;
        create(&self.site.as_role(Role::Owner).await, self.number).await;
        sequencer::run_once(&self.site.platform).await.unwrap().unwrap();
    }

    async fn policy(&self) -> Policy {
        let text = ledger::policy(&self.site.platform, &Caller::host())
            .await
            .unwrap();
        Policy::parse(text.as_bytes()).unwrap()
    }

    async fn note(&self) -> Note {
        let published = ledger::checkpoint(&self.site.platform).await.unwrap().unwrap();
        Note::parse(published.note.as_bytes()).unwrap()
    }

    async fn export(&self) -> Vec<u8> {
        let (platform, host) = (&self.site.platform, Caller::host());
        let written = ledger::export(platform, &host, None, &[], Vec::new()).await;
        written.unwrap().1
    }

    async fn report(&self, policy: &Policy) -> Report {
        verify(&self.export().await[..], policy, None).unwrap()
    }

    async fn rotate(&self) -> Result<Rotation, PlatformError> {
        rotation::rotate(&self.site.platform, &Caller::host()).await
    }

    async fn finish(&self) -> Result<Rotation, PlatformError> {
        rotation::finish(&self.site.platform, &Caller::host()).await
    }

    async fn announcements(&self) -> Vec<Announcement> {
        let texts = rotation::announcements(&self.site.platform, &Caller::host())
            .await
            .unwrap();
        texts
            .iter()
            .map(|text| Announcement::parse(text.as_bytes()).unwrap())
            .collect()
    }

    async fn kept(&self, text: &str) -> Word {
        let found = kept::compare(&self.site.platform, &Caller::host(), text.as_bytes()).await;
        found.unwrap()[0].word
    }

    /// A record, and nobody who signs what covers it.
    async fn refuse(&mut self) {
        self.number += 1;
        create(&self.site.as_role(Role::Owner).await, self.number).await;
        let refused = sequencer::run_once(&self.site.platform).await.unwrap_err();
        assert!(refused.detail.contains("an older key"), "{refused:?}");
        let standing = ledger::standing(&self.site.platform).await.unwrap();
        assert!(
            matches!(standing.trouble, Some(LedgerError::KeySetBack)),
            "{standing:?}"
        );
    }

    async fn plan(&self) -> Result<Option<Plan>, PlatformError> {
        ledger::plan(&self.site.platform, &Caller::host()).await
    }

    /// As somebody does who writes in the database.
    async fn write_back(&self, stored: &str) {
        let text = format!("UPDATE strongroom.setting SET value = '{stored}' WHERE name = 'audit-key'");
        tamper(&self.site, &text).await;
    }

    async fn stored(&self) -> String {
        let text = "SELECT value::text FROM strongroom.setting WHERE name = 'audit-key'";
        self.site
            .superuser()
            .await
            .query_one(text, &[])
            .await
            .unwrap()
            .get(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pinned_the_old_key_verifies_until_it_goes_and_is_led_to_the_new_one() {
    let mut log = Signing::start().await;
    let (pinned, kept) = (log.policy().await, log.note().await.to_string());
    let Rotation::Made { successor, .. } = log.rotate().await.unwrap() else {
        panic!("nothing covers it yet");
    };
    let early = log.finish().await.unwrap_err();
    assert!(
        early.code == ProblemCode::Conflict && early.detail.contains("no checkpoint yet"),
        "{early:?}"
    );
    assert!(log.announcements().await.is_empty());
    assert_eq!(log.policy().await, pinned, "the new one has signed nothing yet");
    log.write().await;
    let found = rotation::standing(&log.site.platform, &Caller::host())
        .await
        .unwrap();
    assert!(matches!(found, Rotation::Announced { .. }), "{found:?}");
    // Both sign: whoever pinned the old key sees no difference, in exports, receipts and notes.
    assert_eq!(log.note().await.signatures().len(), 2);
    // What is handed out now outlives the old one: nobody who keeps it trusts that one for ever.
    let new = log.policy().await;
    assert_eq!((new.logs().len(), new.logs()[0].to_string()), (1, successor));
    for policy in [&pinned, &new] {
        let report = log.report(policy).await;
        assert!(report.holds(), "{report:?}");
    }
    let owner = log.site.as_role(Role::Owner).await;
    let page = trail::list(&owner, &trail::TrailQuery::default()).await.unwrap();
    let Proof::Proven { receipt, .. } = ledger::receipt(&owner, page.entries[0].id).await.unwrap() else {
        panic!("it is covered");
    };
    Receipt::parse(receipt.as_bytes())
        .unwrap()
        .check(&pinned)
        .unwrap();
    let twice = log.rotate().await.unwrap_err();
    assert!(twice.detail.contains("announced already"), "{twice:?}");

    let before = log.stored().await;
    assert!(matches!(log.finish().await.unwrap(), Rotation::None { .. }));
    log.write().await;
    assert_eq!(
        log.note().await.signatures().len(),
        1,
        "the old one signs no more"
    );
    let sealed = |text: &str| {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["sealed"].as_str().unwrap().to_owned()
    };
    assert!(
        !log.stored().await.contains(&sealed(&before)),
        "its private half is gone"
    );
    assert!(!log.report(&pinned).await.holds());
    let mut succession = Succession::of(pinned);
    for announcement in log.announcements().await {
        succession.follow(&announcement).unwrap();
    }
    assert_eq!(succession.newest().logs(), log.policy().await.logs());
    let report = log.report(succession.newest()).await;
    assert!(report.holds(), "{report:?}");
    // What was kept from before is still borne out.
    assert_eq!(log.kept(&kept).await, Word::BorneOut);
    assert_eq!(log.kept(&receipt).await, Word::BorneOut);
    // And once more: from the first key to the third.
    log.rotate().await.unwrap();
    log.write().await;
    log.finish().await.unwrap();
    log.write().await;
    let steps = log.announcements().await;
    assert_eq!(steps.len(), 2);
    succession.follow(&steps[1]).unwrap();
    assert!(log.report(succession.newest()).await.holds());
    assert_eq!(log.kept(&kept).await, Word::BorneOut);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_goes_on_through_an_exchange_with_the_policy_that_follows() {
    let mut log = Signing::start().await;
    let (platform, host) = (log.site.platform.clone(), Caller::host());
    let folder = log.site.audit().with_extension("witness");
    let key = witness::make(&folder, "witness.example").unwrap();
    witness::appoint(&platform, &host, &key, None).await.unwrap();
    let ask = async |policy: &Policy| -> Result<(), String> {
        let old = witness::seen(&folder).unwrap();
        let request = witness::request(&platform, &host, old).await.unwrap();
        let logs = witness::Logs::of(policy.to_string().as_bytes()).unwrap();
        let line = witness::sign(&folder, &logs, request.as_bytes(), Timestamp::now());
        let line = line.map_err(|refusal| refusal.to_string())?;
        let kept = witness::keep(&platform, &host, request.as_bytes(), line.as_bytes()).await;
        kept.map(drop).map_err(|error| error.detail)
    };
    let pinned = log.policy().await;
    ask(&pinned).await.unwrap();
    log.rotate().await.unwrap();
    log.write().await;
    ask(&pinned).await.unwrap();
    // An auditor who demands the witness follows too: the announcement is under the checkpoint that the witness signed.
    let demanding = pinned.to_string().replace("quorum none", "quorum w1");
    let demanding = Policy::parse(demanding.as_bytes()).unwrap();
    let followed = log.announcements().await[0].follow(&demanding).unwrap().policy;
    log.finish().await.unwrap();
    log.write().await;
    let refused = ask(&pinned).await.unwrap_err();
    assert!(
        refused.contains("no key of the log that the policy names has signed"),
        "{refused}"
    );
    ask(&followed).await.unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_not_the_logs_own_leads_nowhere() {
    let mut log = Signing::start().await;
    let pinned = log.policy().await;
    let owner = log.site.caller(Role::Owner);
    for refused in [
        rotation::rotate(&log.site.platform, &owner).await.unwrap_err(),
        rotation::finish(&log.site.platform, &owner).await.unwrap_err(),
    ] {
        assert_eq!(refused.code, ProblemCode::NotAllowed);
    }
    let none = log.finish().await.unwrap_err();
    assert!(none.detail.contains("no new key is announced"), "{none:?}");
    log.rotate().await.unwrap();
    log.write().await;
    // Somebody who writes in the database puts a key of their own in the place of the one that the leaf names: an old key.
    let text = "UPDATE strongroom.setting SET value = jsonb_set(value, '{successor}', value -> 'sealed') WHERE name = 'audit-key'";
    tamper(&log.site, text).await;
    assert!(log.report(&pinned).await.holds());
    log.refuse().await;
    let refused = log.finish().await.unwrap_err();
    assert!(refused.detail.contains("no checkpoint yet"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_key_that_is_written_back_signs_nothing_more() {
    let mut log = Signing::start().await;
    let old = log.stored().await;
    log.rotate().await.unwrap();
    let both = log.stored().await;
    // Before the new one has signed anything: the entry names it. That this is no restore is seen there too.
    log.write_back(&old).await;
    log.refuse().await;
    let refused = log.plan().await.unwrap_err();
    assert!(refused.detail.contains("an older key"), "{refused:?}");
    log.write_back(&both).await;
    log.write().await;
    // Beneath a worker that signs, between two checkpoints.
    flood(&log.site, 10_000).await;
    let outcome = sequencer::run_watched(&log.site.platform, &mut |step| {
        if step == Step::Published {
            tokio::task::block_in_place(|| Handle::current().block_on(log.write_back(&old)));
        }
        true
    })
    .await;
    let refused = outcome.unwrap_err();
    assert!(refused.detail.contains("an older key"), "{refused:?}");
    assert_eq!(log.note().await.signatures().len(), 2);
    log.refuse().await;
    // And after the old one went: the checkpoint is none of the old key's.
    log.write_back(&both).await;
    log.write().await;
    log.finish().await.unwrap();
    log.write().await;
    log.write_back(&old).await;
    let refused = sequencer::run_once(&log.site.platform).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    assert_eq!(log.plan().await.unwrap_err().code, ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_it_when_the_entry_of_the_new_one_is_taken_out() {
    let mut log = Signing::start().await;
    let old = log.stored().await;
    log.rotate().await.unwrap();
    log.write().await;
    assert_eq!(log.note().await.signatures().len(), 2);
    // What was published knows of the new one all the same.
    let text = "DELETE FROM strongroom.entry WHERE kind = 5 AND organization_id IS NULL";
    tamper(&log.site, text).await;
    log.write_back(&old).await;
    log.refuse().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_other_keys_do_not_hide_the_one_that_names_the_new_key() {
    let mut log = Signing::start().await;
    log.rotate().await.unwrap();
    // As organizations that exchange theirs leave them.
    let text = "INSERT INTO strongroom.entry (id, organization_id, kind, key_version, header, c_header, c_before, c_after, transaction_id, appended_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 5, 1, header, c_header, c_before, c_after, transaction_id, appended_at
        FROM strongroom.entry, generate_series(1, 1100) WHERE kind = 5 AND organization_id IS NULL";
    tamper(&log.site, text).await;
    log.write().await;
    assert_eq!(log.announcements().await.len(), 1);
    log.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_to_before_an_exchange_the_log_is_signed_again_by_hand_and_the_key_exchanged_anew() {
    let mut log = Signing::start().await;
    let (pinned, old) = (log.policy().await, log.stored().await);
    let size = ledger::standing(&log.site.platform).await.unwrap().size;
    let newest = "SELECT max(sequence) FROM strongroom.entry";
    let newest: i64 = log
        .site
        .superuser()
        .await
        .query_one(newest, &[])
        .await
        .unwrap()
        .get(0);
    log.rotate().await.unwrap();
    log.write().await;
    log.finish().await.unwrap();
    log.write().await;
    let signed = ledger::standing(&log.site.platform).await.unwrap().size;
    // What a restore of the database leaves: the key of before, and nothing that knows of another.
    log.write_back(&old).await;
    let back = format!(
        "DELETE FROM strongroom.entry WHERE sequence > {newest}; DELETE FROM strongroom.audit_pending;
         DELETE FROM strongroom.audit_leaf WHERE index >= {size}; {HOMES}"
    );
    tamper(&log.site, &back).await;
    assert!(sequencer::run_once(&log.site.platform).await.is_err());
    let plan = Plan::Resign { size: signed };
    assert_eq!(log.plan().await.unwrap(), Some(plan));
    assert_eq!(
        recover(&log.site, "yes").await.unwrap_err().code,
        ProblemCode::Conflict
    );
    recover(&log.site, &plan.confirmation()).await.unwrap();
    let plan = Plan::Return {
        database: size,
        signed,
    };
    assert_eq!(log.plan().await.unwrap(), Some(plan));
    recover(&log.site, &plan.confirmation()).await.unwrap();
    assert_eq!(log.plan().await.unwrap(), None);
    log.write().await;
    // Both verifiers say that a key may have been announced there, until another is.
    let report = log.report(&pinned).await;
    assert!(matches!(report.integrity, Verdict::Unknown(_)), "{report:?}");
    log.rotate().await.unwrap();
    log.write().await;
    let followed = log.announcements().await[0].follow(&pinned).unwrap().policy;
    log.finish().await.unwrap();
    log.write().await;
    let report = log.report(&followed).await;
    assert!(report.holds(), "{report:?}");
}
