//! What is backed up, seen to be whole and drilled, and each fault that a check is there for.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;

use super::{Backed, KNOWN, files, flip, holds};
use crate::all::program::Said;

#[test]
fn a_backup_is_taken_seen_to_be_whole_and_restored_aside() {
    let Some(backed) = Backed::new() else { return };
    assert_eq!(
        backed.json(&["enable"])["restarted"],
        false,
        "switching on again did something"
    );
    let run = backed.json(&["run"]);
    assert_eq!(
        (&run["run"]["kind"], &run["run"]["outcome"]),
        (&"full".into(), &"done".into())
    );
    let next = backed.json(&["run"]);
    assert_eq!(next["run"]["kind"], "differential");
    let listed = backed.json(&["list"]);
    assert_eq!(listed["backups"].as_array().unwrap().len(), 2);
    assert!(listed["restorable_from"].is_string() && listed["restorable_to"].is_string());
    assert_eq!(listed["holes"], serde_json::json!([]), "{listed}");

    let verified = backed.json(&["verify"]);
    assert_eq!(verified["whole"], true, "{verified}");
    let drill = backed.json(&["drill"]);
    let checks = drill["drill"]["checks"].as_array().unwrap();
    assert_eq!(drill["drill"]["outcome"], "done", "{drill}");
    assert_eq!(checks.len(), 11, "{drill}");
    assert!(drill["drill"]["moment"].is_string(), "{drill}");
    assert!(
        fs::read_dir(backed.repository().join("drill"))
            .unwrap()
            .next()
            .is_none()
    );

    let status = backed.json(&["status"]);
    assert_eq!(status["cipher"], "aes-256-cbc");
    assert!(status["restorable_from"].is_string() && status["restorable_to"].is_string());

    // The address is in the cluster in the clear, and nowhere in the backup.
    let data = files(&backed.place.path("data/base"));
    assert!(
        data.iter().any(|path| holds(path, KNOWN)),
        "the search finds nothing at all"
    );
    for path in files(&backed.repository()) {
        assert!(!holds(&path, KNOWN), "{} is not encrypted", path.display());
    }
    let dump = backed.repository().join("repository/before.dump");
    fs::write(&dump, "PGDMP somebody was careful, once").unwrap();
    let said = backed.backup(&["verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.talk.contains("before.dump can be read without a key"),
        "{said:?}"
    );
    let entries = backed.sql("SELECT count(*) FROM strongroom.entry WHERE organization_id IS NULL");
    assert!(entries.parse::<u32>().unwrap() >= 4, "{entries} entries");
}

#[test]
fn a_flipped_byte_is_found_by_verification_and_by_the_drill() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    let bundles = files(&backed.repository().join("repository/backup"));
    let largest = bundles
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    flip(largest);
    let said = backed.backup(&["verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("checksum invalid: 1"), "{said:?}");
    let said = backed.backup(&["drill"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("the drill failed"), "{said:?}");
    assert_eq!(backed.backup(&["status"]).code, Some(1));
    assert!(
        fs::read_dir(backed.repository().join("drill"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[test]
fn a_missing_change_is_found_although_the_engine_is_content() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    for _ in 0..3 {
        backed.sql("SELECT pg_create_restore_point('x'); SELECT pg_switch_wal()");
    }
    backed.json(&["run", "--incr"]);
    let is_change = |path: &PathBuf| path.extension().is_some_and(|end| end == "zst");
    let archive = backed.repository().join("repository/archive");
    let mut changes: Vec<PathBuf> = files(&archive).into_iter().filter(is_change).collect();
    changes.sort();
    assert_eq!(backed.json(&["verify"])["whole"], true);
    fs::remove_file(&changes[changes.len() / 2]).unwrap();
    assert_eq!(backed.json(&["list"])["holes"].as_array().unwrap().len(), 1);
    let said = backed.backup(&["verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("are missing"), "{said:?}");
}

#[test]
fn changes_that_are_handed_over_while_it_reads_are_no_fault() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // A file of changes with nothing in it is not ended.
                backed.sql("SELECT pg_logical_emit_message(true, 'a change', 'of a busy night')");
                backed.sql("SELECT pg_switch_wal()");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        let said: Vec<Said> = (0..3).map(|_| backed.backup(&["verify"])).collect();
        over.store(true, Ordering::Relaxed);
        assert!(said.iter().all(|said| said.code == Some(0)), "{said:?}");
    });
}

#[test]
fn a_wrong_pass_phrase_is_said_and_nothing_is_touched() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    let settings = backed.place.path("etc-backup/pgbackrest.conf");
    let text = fs::read_to_string(&settings).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("repo1-cipher-pass="))
        .unwrap();
    fs::write(&settings, text.replace(line, "repo1-cipher-pass=another")).unwrap();
    let before = files(&backed.repository().join("repository/backup"));
    for verb in ["verify", "run", "drill"] {
        let said = backed.backup(&[verb]);
        assert_eq!(said.code, Some(1), "{verb}: {said:?}");
    }
    assert_eq!(files(&backed.repository().join("repository/backup")), before);
    assert_eq!(backed.sql("SELECT 1"), "1");
}

#[test]
fn what_the_backup_does_not_hold_fails_the_drill() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    let states = files(&backed.repository().join("state"));
    let state = fs::read(&states[0]).unwrap();
    flip(&states[0]);
    let said = backed.backup(&["drill"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("does not open"), "{said:?}");
    fs::write(&states[0], state).unwrap();
    // The log was cut after it was signed, and its backup is as good as any other.
    backed.create("signed");
    backed.delete("signed");
    let signed = |run: &Json| run["run"]["outcome"] == "done";
    assert!(signed(&backed.json(&["run"])));
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    backed.sql(
        "SET session_replication_role = replica; CREATE TABLE public.cut AS SELECT * FROM strongroom.audit_leaf ORDER BY index DESC LIMIT 1; \
         DELETE FROM strongroom.audit_leaf WHERE index = (SELECT index FROM public.cut)",
    );
    assert!(signed(&backed.json(&["run"])));
    let said = backed.backup(&["drill"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let sees = ["were signed", "neither in the log nor waits for it"];
    assert!(sees.iter().any(|what| said.talk.contains(what)), "{said:?}");
    backed.sql(
        "SET session_replication_role = replica; INSERT INTO strongroom.audit_leaf SELECT * FROM public.cut; DROP TABLE public.cut",
    );
    // The root key of another appliance opens nothing.
    let key = backed.place.path("etc/credentials/root-key");
    let right = fs::read_to_string(&key).unwrap();
    fs::write(&key, "7".repeat(64)).unwrap();
    let run = backed.backup(&["run", "--incr"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let said = backed.backup(&["drill"]);
    fs::write(&key, right).unwrap();
    assert_eq!(said.code, Some(1), "{said:?}");
}
