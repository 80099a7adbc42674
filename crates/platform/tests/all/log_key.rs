//! The exchange of the key that signs the log: who pinned the old one goes on verifying, and is led to the new one by what it signed.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::Site,
};
use access::Role;
use audit::{
    note::Note,
    policy::Policy,
    receipt::Receipt,
    rotation::{Announcement, Succession},
    verify::{Report, verify},
};
use jiff::Timestamp;
use platform::{
    Caller, PlatformError,
    ledger::{
        self, Proof,
        kept::{self, Word},
        rotation::{self, Rotation},
        witness,
    },
    sequencer, trail,
};
use std::fs;
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
    log.write().await;
    let found = rotation::standing(&log.site.platform, &Caller::host())
        .await
        .unwrap();
    assert!(matches!(found, Rotation::Announced { .. }), "{found:?}");
    // Both sign: whoever pinned the old key sees no difference, in exports, receipts and notes.
    assert_eq!(log.note().await.signatures().len(), 2);
    let both = log.policy().await;
    assert_eq!((both.logs().len(), both.logs()[1].to_string()), (2, successor));
    for policy in [&pinned, &both] {
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
    log.write().await;
    let report = log.report(&pinned).await;
    assert!(format!("{:?}", report.integrity).contains("NewKey"), "{report:?}");
    let refused = log.finish().await.unwrap_err();
    assert!(refused.detail.contains("no checkpoint yet"), "{refused:?}");
}
