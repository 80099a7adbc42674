//! A witness elsewhere: it signs what continues what it signed, and nothing else; the appliance keeps its word, and the promise rests on it.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::Site,
    promise::{assert_broken, assert_kept, check},
};
use access::Role;
use jiff::Timestamp;
use platform::{
    Caller,
    ledger::{self, witness},
    sequencer, upkeep,
};
use promises::State;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

struct Pair {
    site: Site,
    /// Where the witness keeps its key and what it signed.
    witness: PathBuf,
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.witness));
    }
}

impl Pair {
    async fn start() -> Self {
        let site = Site::start().await;
        a_ledger(&site).await;
        sequencer::run_once(&site.platform).await.unwrap().unwrap();
        let witness = site.audit().with_extension("witness");
        let key = witness::make(&witness, "witness.example").unwrap();
        witness::appoint(&site.platform, &Caller::host(), &key, None)
            .await
            .unwrap();
        Self { site, witness }
    }

    async fn write(&self, number: usize) {
        create(&self.site.as_role(Role::Owner).await, number).await;
        sequencer::run_once(&self.site.platform).await.unwrap().unwrap();
    }

    async fn policy(&self) -> String {
        ledger::policy(&self.site.platform, &Caller::host())
            .await
            .unwrap()
    }

    async fn request(&self, old: u64) -> String {
        witness::request(&self.site.platform, &Caller::host(), old)
            .await
            .unwrap()
    }

    async fn sign(&self, request: &str) -> Result<String, String> {
        self.sign_at(&self.witness, request, Timestamp::now()).await
    }

    async fn sign_at(&self, witness: &Path, request: &str, at: Timestamp) -> Result<String, String> {
        let policy = self.policy().await;
        let logs = witness::Logs::of(policy.as_bytes()).map_err(|error| error.detail)?;
        let signed = witness::sign(witness, &logs, request.as_bytes(), at);
        signed.map_err(|refusal| refusal.to_string())
    }

    async fn keep(&self, request: &str, answer: &str) -> Result<u64, String> {
        let (platform, host) = (&self.site.platform, Caller::host());
        let kept = witness::keep(platform, &host, request.as_bytes(), answer.as_bytes()).await;
        kept.map_err(|error| error.detail)
    }

    async fn round(&self) -> u64 {
        let request = self.request(witness::seen(&self.witness).unwrap()).await;
        let answer = self.sign(&request).await.unwrap();
        let (platform, host) = (&self.site.platform, Caller::host());
        witness::keep(platform, &host, request.as_bytes(), answer.as_bytes())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_word_of_a_witness_the_log_is_immutable_and_a_rewritten_one_is_not_signed() {
    let pair = Pair::start().await;
    assert_eq!(
        check(&pair.site.platform, "audit-immutable").await.state,
        State::Unknown
    );
    let first = pair.round().await;
    assert_kept(&pair.site, "audit-immutable").await;
    pair.write(1).await;
    assert!(pair.round().await > first);
    let published = ledger::checkpoint(&pair.site.platform).await.unwrap().unwrap();
    assert_eq!(published.witnesses, 1);
    // Somebody with the signing key writes the log anew: leaves, tiles, what was signed, everything here goes together.
    let size = witness::seen(&pair.witness).unwrap();
    let rewritten = "UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 9) WHERE index = 2";
    tamper(&pair.site, rewritten).await;
    let kept = fs::read(pair.site.audit().join("witnessed")).unwrap();
    fs::remove_dir_all(pair.site.audit()).unwrap();
    fs::create_dir(pair.site.audit()).unwrap();
    let nothing = "strongroom-signed-1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    fs::write(pair.site.audit().join("signed"), nothing).unwrap();
    pair.write(2).await;
    let refused = pair.sign(&pair.request(size).await).await.unwrap_err();
    assert!(
        refused.contains("does not continue what this witness signed"),
        "{refused}"
    );
    assert_eq!(
        witness::seen(&pair.witness).unwrap(),
        size,
        "it keeps to its word"
    );
    fs::write(pair.site.audit().join("witnessed"), kept).unwrap();
    assert_broken(&pair.site, "audit-immutable", "a witness has signed another log").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_word_is_kept_and_that_of_several_witnesses_together() {
    let pair = Pair::start().await;
    let old = pair.request(0).await;
    let of_old = pair.sign(&old).await.unwrap();
    pair.keep(&old, &of_old).await.unwrap();
    pair.write(1).await;
    let second = pair.site.audit().with_extension("second");
    let key = witness::make(&second, "second.example").unwrap();
    witness::appoint(&pair.site.platform, &Caller::host(), &key, None)
        .await
        .unwrap();
    sequencer::run_once(&pair.site.platform).await.unwrap().unwrap();
    let (now, first_has) = (Timestamp::now(), witness::seen(&pair.witness).unwrap());
    let (ours, theirs) = (pair.request(first_has).await, pair.request(0).await);
    let answer = pair.sign(&ours).await.unwrap();
    let size = pair.keep(&ours, &answer).await.unwrap();
    let answer = pair.sign_at(&second, &theirs, now).await.unwrap();
    assert_eq!(pair.keep(&theirs, &answer).await.unwrap(), size);
    let published = ledger::checkpoint(&pair.site.platform).await.unwrap().unwrap();
    assert_eq!(published.witnesses, 2, "neither pushes the other out");
    let refused = pair.keep(&old, &of_old).await.unwrap_err();
    assert!(refused.contains("is kept here, and this one is on"), "{refused}");
    assert_kept(&pair.site, "audit-immutable").await;
    // A word of a time that has not come is no word of today.
    pair.write(2).await;
    let request = pair.request(witness::seen(&pair.witness).unwrap()).await;
    let ahead = now + Duration::from_secs(3 * 24 * 60 * 60);
    let answer = pair.sign_at(&pair.witness, &request, ahead).await.unwrap();
    pair.keep(&request, &answer).await.unwrap();
    let verdict = check(&pair.site.platform, "audit-immutable").await;
    assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
    assert!(verdict.reason.contains("a time that has not come"), "{verdict:?}");
    fs::remove_dir_all(&second).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nightly_check_of_long_ago_is_no_word_of_today() {
    let pair = Pair::start().await;
    pair.round().await;
    upkeep::scrub_if_due(&pair.site.platform).await.unwrap().unwrap();
    assert_kept(&pair.site, "audit-immutable").await;
    let old = "UPDATE strongroom.promise_observation SET observation = jsonb_set(observation, '{checked_at_us}',
        to_jsonb((observation ->> 'checked_at_us')::bigint - 49::bigint * 3600000000)) WHERE promise_id = 'audit-scrub'";
    tamper(&pair.site, old).await;
    let verdict = check(&pair.site.platform, "audit-immutable").await;
    assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
    assert!(verdict.reason.contains("older than two days"), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_signs_no_false_request_and_the_appliance_keeps_no_false_answer() {
    let pair = Pair::start().await;
    pair.round().await;
    pair.write(1).await;
    let size = witness::seen(&pair.witness).unwrap();
    let good = pair.request(size).await;
    for (bad, why) in [
        (good.replacen("old ", "old 1", 1), "the request begins at"),
        (
            good.replacen('\n', "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1),
            "does not continue",
        ),
        (
            good.replace("/log/", "/gol/"),
            "a log that the policy does not name",
        ),
        ("old 3\n".to_owned(), "no request"),
    ] {
        let refused = pair.sign(&bad).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(witness::seen(&pair.witness).unwrap(), size);
    let answer = pair.sign(&good).await.unwrap();
    let keep = async |answer: &str| {
        let kept = witness::keep(
            &pair.site.platform,
            &Caller::host(),
            good.as_bytes(),
            answer.as_bytes(),
        )
        .await;
        kept.map_err(|error| error.detail)
    };
    assert!(
        keep("")
            .await
            .unwrap_err()
            .contains("no witness that is known here")
    );
    let forged = answer.replace("witness.example", "witness.elsewhere");
    assert!(
        keep(&forged)
            .await
            .unwrap_err()
            .contains("no witness that is known here")
    );
    keep(&answer).await.unwrap();
    let refused = witness::make(&pair.witness, "witness.example").unwrap_err();
    assert!(refused.detail.contains("never overwritten"), "{}", refused.detail);
    let log_key = pair.policy().await;
    let log_key = log_key.lines().next().unwrap().strip_prefix("log ").unwrap();
    let refused = witness::appoint(&pair.site.platform, &Caller::host(), log_key, None)
        .await
        .unwrap_err();
    assert!(refused.detail.contains("a log's key"), "{}", refused.detail);
}
