//! The whole platform taken back to a moment, and forth again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value as Json;

use super::{Backed, files, flip};

#[test]
fn the_whole_platform_goes_back_to_a_moment_and_forth_again() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    // The worker has begun to sign the log before the moment.
    backed.create("early");
    backed.delete("early");
    backed.create("before");
    backed.create("doomed");
    let moment = backed.now();
    backed.create("after");
    backed.delete("doomed");

    let looked = backed.restored(&["--to", &moment]);
    let name = looked["confirm"].as_str().unwrap().to_owned();
    let gone = looked["organizations"].as_array().unwrap().iter();
    let gone: Vec<&Json> = gone.filter(|one| one["is_gone"] == true).collect();
    assert_eq!(gone.len(), 1, "{looked}");
    assert_eq!(gone[0]["organization"], "after");
    assert_eq!(looked["deleted_again"], 1);
    let refused = backed.restore(&["--to", &moment, "--confirm", "elsewhere"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let early = backed.restore(&["--to", "2020-01-01T00:00:00Z", "--confirm", &name]);
    assert_eq!(early.code, Some(2), "{early:?}");
    assert!(backed.has("after"), "a look changed something");

    let done = backed.restored(&["--to", &moment, "--confirm", &name]);
    assert!(backed.has("before") && !backed.has("after"), "{done}");
    assert!(
        !backed.has("doomed"),
        "a deleted organization lives again: {done}"
    );
    assert_eq!(
        (&done["deleted_again"], &done["left"]),
        (&1.into(), &serde_json::json!([]))
    );
    let kept = PathBuf::from(done["kept"]["folder"].as_str().unwrap());
    assert!(kept.join("PG_VERSION").exists(), "{done}");
    let restores = backed.sql("SELECT count(*) FROM strongroom.entry WHERE kind = 4");
    assert_eq!(restores, "2", "the leaves brought back, and the restore");
    let alive = "SELECT count(*) FROM strongroom.session WHERE ended_at IS NULL";
    assert_eq!(backed.sql(alive), "0");
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    let again = backed.restore(&["--to", &moment, "--confirm", &name]);
    assert_eq!(again.code, Some(6), "what was kept would be lost: {again:?}");

    backed.create("meanwhile");
    let looked = backed.restored(&["--undo"]);
    assert_eq!(looked["carried_out"], false, "work since would be lost: {looked}");
    assert_eq!(
        backed.restore(&["--undo", "--confirm", "elsewhere"]).code,
        Some(2)
    );
    assert!(kept.exists() && backed.has("meanwhile"));
    backed.restored(&["--undo", "--confirm", &name]);
    assert!(backed.has("before") && backed.has("after") && !backed.has("doomed"));
    assert!(!kept.exists() && !backed.has("meanwhile"));
    backed.newest_timeline_lives();
    assert_eq!(backed.json(&["run"])["run"]["outcome"], "done");
    assert_eq!(backed.json(&["list"])["holes"], serde_json::json!([]));
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    assert_eq!(backed.restore(&["--undo"]).code, Some(4));
}

#[test]
fn a_restore_after_one_that_was_kept_is_taken_back_as_well() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let first = backed.now();
    backed.create("after");
    let looked = backed.restored(&["--to", &first]);
    let name = looked["confirm"].as_str().unwrap().to_owned();
    backed.restored(&["--to", &first, "--confirm", &name]);
    assert!(!backed.has("after"));
    backed.restore(&["--forget"]).done();
    let second = backed.now();
    backed.create("later");
    backed.restored(&["--to", &second, "--confirm", &name]);
    assert!(!backed.has("later"));
    // What is put back was restored itself, to a moment that it must not look for again.
    backed.restored(&["--undo", "--confirm", &name]);
    assert!(backed.has("later") && !backed.has("after"));
    backed.newest_timeline_lives();
}

#[test]
fn a_restore_that_fails_or_is_cut_off_leaves_the_platform_as_it_was() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let moment = backed.now();
    backed.create("after");
    let name = backed.restored(&["--to", &moment])["confirm"]
        .as_str()
        .unwrap()
        .to_owned();
    let bundles = files(&backed.repository().join("repository/backup"));
    let largest = bundles
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    flip(largest);
    let said = backed.restore(&["--to", &moment, "--confirm", &name]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("is as it was before"), "{said:?}");
    assert!(backed.has("after"));
    backed.newest_timeline_lives();
    flip(largest);

    // Cut off between both folders: the power went.
    let data = backed.place.path("data");
    let before = backed.place.path("data.before-x");
    let output = Command::new("pg_lsclusters").arg("--no-header").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let line = listed
        .lines()
        .find(|line| line.contains(data.to_str().unwrap()))
        .unwrap();
    let mut words = line.split_whitespace();
    let (version, cluster) = (words.next().unwrap(), words.next().unwrap());
    let stop = Command::new("pg_ctlcluster")
        .args([version, cluster, "stop"])
        .status();
    assert!(stop.unwrap().success());
    fs::rename(&data, &before).unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("half"), "restored").unwrap();
    let going = serde_json::json!({
        "phase": "under-way", "moment": moment, "began_at": moment, "until": moment, "data": data, "before": before,
    });
    fs::write(backed.place.path("record/going-back.json"), going.to_string()).unwrap();
    let refused = backed.restore(&["--to", &moment, "--confirm", &name]);
    assert_eq!(refused.code, Some(6), "{refused:?}");
    assert!(refused.talk.contains("--undo"), "{refused:?}");
    backed.restored(&["--undo"]);
    assert!(backed.has("after") && !before.exists());
}
