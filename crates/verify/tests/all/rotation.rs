//! A new key of the log, with both verifiers: who pinned the old one follows by an announcement.

use crate::program::{folder, run};
use crate::sample::{Log, log_key, named_key, policy_text, signed, signed_by};
use audit::export::Scope;
use audit::policy::Policy;
use audit::rotation::Announcement;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A log that announced the key of seed 2; what it exports signed with these keys; the announcement.
fn rotated(seeds: &[u8]) -> (TempDir, Log, Announcement) {
    let mut log = Log::sample();
    let index = log.rotate(&log_key(2).to_string());
    log.update(1, 1);
    let announcement = log.announcement(index, &[1, 2]);
    let folder = folder(&log.export_by(Scope::Whole, &[], seeds));
    std::fs::write(folder.path().join("rotation"), announcement.to_string()).unwrap();
    std::fs::write(
        folder.path().join("since"),
        signed(&log.checkpoint(11), 1).to_string(),
    )
    .unwrap();
    (folder, log, announcement)
}

/// Exit codes of both, with the old key's checkpoint of 11 leaves.
fn both(folder: &Path, rotations: &[&str]) -> (Option<i32>, Option<i32>, String) {
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.py");
    let mut python = Command::new("python3");
    python
        .current_dir(folder)
        .arg(verifier)
        .args(["export", "policy", "since"]);
    let mut arguments = vec!["export", "--policy", "policy", "--since", "since"];
    for rotation in rotations {
        python.args(["--rotation", rotation]);
        arguments.extend(["--rotation", rotation]);
    }
    let (code, text, talk) = run(folder, &arguments);
    (code, python.output().unwrap().status.code(), text + &talk)
}

#[track_caller]
fn assert_both(folder: &Path, rotations: &[&str], code: i32) {
    let (ours, theirs, text) = both(folder, rotations);
    assert_eq!((ours, theirs), (Some(code), Some(code)), "{text}");
}

#[test]
fn both_follow_the_announcement_of_a_new_key() {
    // While both keys sign, with it and without it; afterwards only with it.
    let (folder, ..) = rotated(&[1, 2]);
    assert_both(folder.path(), &[], 0);
    assert_both(folder.path(), &["rotation"], 0);
    let (folder, ..) = rotated(&[2]);
    assert_both(folder.path(), &[], 1);
    assert_both(folder.path(), &["rotation"], 0);
    // The old key alone is not enough where the leaf is that names the new one.
    let (folder, ..) = rotated(&[1]);
    assert_both(folder.path(), &[], 1);
    assert_both(folder.path(), &["rotation"], 1);
}

#[test]
fn both_refuse_a_forged_announcement_and_a_second_leaf_in_its_place() {
    let (folder, log, honest) = rotated(&[2]);
    let index = usize::try_from(honest.receipt.index).unwrap();
    let mut elsewhere = Log::sample();
    let at = elsewhere.rotate(&log_key(3).to_string());
    let other = elsewhere.announcement(at, &[1, 3]);
    let mut exchanged = honest.clone();
    (exchanged.header, exchanged.salt) = (other.header.clone(), other.salt);
    for forged in [log.announcement(index, &[2]), exchanged] {
        std::fs::write(folder.path().join("forged"), forged.to_string()).unwrap();
        assert_both(folder.path(), &["forged"], 2);
    }
    // Signed by the old key and proven, and yet another leaf than the log has at that index: the log was written twice.
    let mut third = Log::sample();
    third.rotate(&log_key(2).to_string());
    third.entries[at].leaf.key_id = [1; 16];
    let twice = third.announcement(at, &[1, 2]);
    std::fs::write(folder.path().join("twice"), twice.to_string()).unwrap();
    assert_both(folder.path(), &["twice"], 1);
    // A second one of one leaf, or the same once more: one of each leaf is followed.
    for second in ["twice", "rotation"] {
        assert_both(folder.path(), &["rotation", second], 2);
    }
}

#[test]
fn both_hold_the_announcements_of_each_log_apart() {
    // The policy names another log too, whose key was exchanged by a leaf of the same index: its steps are of no other log.
    let (folder, _, announcement) = rotated(&[2]);
    let other_key = |seed| named_key("other.example.org/log", seed);
    let mut other = Log::sample();
    let index = other.rotate(&other_key(5).to_string());
    assert_eq!(index as u64, announcement.receipt.index);
    let mut checkpoint = other.checkpoint(other.entries.len());
    checkpoint.origin = other_key(4).name().clone();
    let mut other = other.announcement(index, &[4, 5]);
    other.receipt.checkpoint = signed_by(&checkpoint, &[4, 5]);
    let policy = policy_text() + &format!("log {}\n", other_key(4));
    std::fs::write(folder.path().join("policy"), policy).unwrap();
    std::fs::write(folder.path().join("other"), other.to_string()).unwrap();
    assert_both(folder.path(), &["other"], 1);
    for order in [["rotation", "other"], ["other", "rotation"]] {
        assert_both(folder.path(), &order, 0);
    }
}

#[test]
fn both_leave_the_verdict_open_where_a_leaf_that_may_announce_a_key_is_gone() {
    let (folder, mut log, announcement) = rotated(&[1]);
    let index = usize::try_from(announcement.receipt.index).unwrap();
    // The log goes on with the old key.
    log.lose(index);
    let write = |log: &Log, seeds: &[u8]| {
        let export = log.export_by(Scope::Whole, &[], seeds);
        std::fs::write(folder.path().join("export"), export).unwrap();
    };
    write(&log, &[1]);
    assert_both(folder.path(), &[], 2);
    log.rotate(&log_key(3).to_string());
    write(&log, &[1, 3]);
    assert_both(folder.path(), &[], 0);
}

#[test]
fn an_announcement_alone_gives_the_policy_to_keep() {
    let (folder, log, honest) = rotated(&[2]);
    let follow = ["--rotation", "rotation", "--policy", "policy"];
    let (code, text, talk) = run(folder.path(), &follow);
    assert_eq!((code, talk.as_str()), (Some(0), ""));
    assert!(
        text.starts_with(&format!("# Leaf {} names", honest.receipt.index)),
        "{text}"
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.logs(), [log_key(2)]);
    let checkpoint = log.checkpoint(log.entries.len());
    policy.check(&signed_by(&checkpoint, &[2])).unwrap();
    policy.check(&signed_by(&checkpoint, &[1])).unwrap_err();
    let (code, text, _) = run(folder.path(), &[&follow[..], &["--json"]].concat());
    assert!(
        code == Some(0) && text.contains(&log_key(2).to_string()),
        "{text}"
    );
    let index = usize::try_from(honest.receipt.index).unwrap();
    let forged = log.announcement(index, &[3]).to_string();
    std::fs::write(folder.path().join("rotation"), forged).unwrap();
    let (code, text, _) = run(folder.path(), &follow);
    assert!(code == Some(1) && text.starts_with("FALSE\n"), "{text}");
    std::fs::write(folder.path().join("rotation"), "nothing of the kind").unwrap();
    assert_eq!(run(folder.path(), &follow).0, Some(1));
}
