//! `kill -9` between every two steps of publishing: a process of its own publishes, and dies by the signal after the step of that number.

use crate::{
    check::{create, ledger as a_ledger},
    fixture::{Site, Told, database, open_beside, told},
};
use audit::{Checkpoint, note::Note, policy::Policy};
use jiff::Timestamp;
use platform::{Caller, ledger, sequencer};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};
use vault::RootKey;

/// What the child is told.
#[derive(Serialize, Deserialize)]
struct Errand {
    site: Told,
    root: PathBuf,
    /// After so many it dies.
    steps: u64,
}

/// The variable with the errand.
const ERRAND: &str = "STRONGROOM_TEST_PUBLISHES";
/// Steps of one pass: two tiles, all of them, the swap, the signature, the checkpoint, the parts that go.
const STEPS: u64 = 7;
const SIGKILL: i32 = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_any_two_steps_of_publishing_it_never_signs_two_roots_of_one_size() {
    if let Ok(errand) = env::var(ERRAND) {
        return publish_and_die(serde_json::from_str(&errand).unwrap()).await;
    }
    let root = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::remove_file(&root).unwrap();
    let key = RootKey::create(&root).unwrap();
    let site = Site::start_on(database().await, key, Timestamp::now).await;
    let owner = a_ledger(&site).await;
    sequencer::run_once(&site.platform).await.unwrap().unwrap();
    let policy = ledger::policy(&site.platform, &Caller::host()).await.unwrap();
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let mut roots = BTreeMap::new();
    let mut number = 0;
    for first in 1..=STEPS {
        // Whoever starts after it dies in turn, at the next step and so on, before one comes to an end.
        for steps in [first, first % STEPS + 1] {
            number += 1;
            create(&owner, number).await;
            let status = child(&site, &root, steps);
            assert_eq!(status.signal(), Some(SIGKILL), "step {steps}: {status}");
            look(&site, &policy, &mut roots);
        }
        let done = async || sequencer::run_once(&site.platform).await.unwrap().is_some();
        testkit::wait_until(Duration::from_secs(20), "the dead one leads no more", done)
            .await
            .unwrap();
        look(&site, &policy, &mut roots);
        let standing = ledger::standing(&site.platform).await.unwrap();
        assert!(
            standing.trouble.is_none() && standing.unsigned() == 0,
            "{standing:?}"
        );
    }
}

/// This test once more, in a process that may be killed.
fn child(site: &Site, root: &Path, steps: u64) -> ExitStatus {
    let errand = Errand {
        site: told(&site.database),
        root: root.to_owned(),
        steps,
    };
    let mut command = Command::new(env::current_exe().unwrap());
    let name = "killed::killed_between_any_two_steps_of_publishing_it_never_signs_two_roots_of_one_size";
    let errand = serde_json::to_string(&errand).unwrap();
    command.args(["--exact", name]).env(ERRAND, errand);
    command.output().unwrap().status
}

async fn publish_and_die(errand: Errand) {
    let root = RootKey::load(&errand.root).unwrap();
    let platform = open_beside(&errand.site, root).await;
    let mut left = errand.steps;
    let outcome = sequencer::run_watched(&platform, &mut |_| {
        left -= 1;
        if left == 0 {
            testkit::process::die().unwrap();
        }
        true
    })
    .await;
    panic!("it was not killed: {outcome:?}");
}

/// What may have been signed, and what was published: each size has one root for ever.
fn look(site: &Site, policy: &Policy, roots: &mut BTreeMap<u64, String>) {
    let signed = fs::read_to_string(site.audit().join("signed")).unwrap();
    let lines: Vec<&str> = signed.lines().collect();
    let note = Note::parse(&fs::read(site.audit().join("checkpoint")).unwrap()).unwrap();
    policy.check(&note).unwrap();
    let published = Checkpoint::parse(note.text()).unwrap();
    let text: Vec<&str> = note.text().lines().collect();
    for (size, root) in [(lines[1].parse().unwrap(), lines[2]), (published.size, text[2])] {
        let known = roots.entry(size).or_insert_with(|| root.to_owned());
        assert_eq!(known, root, "two roots of size {size}");
    }
}
