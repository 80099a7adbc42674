//! Backups of a real cluster with the real engine: taken, verified, restored aside; and each fault that a check is there
//! for, played. What only root may do is tested as root only; the runner of CI is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use serde_json::Value as Json;
use testkit::SftpServer;
use testkit::clock::Moved;

use super::program::{Said, run};
use super::setup::Place;

mod away;
mod bad_day;
mod bucket;
mod cut_off;
mod gone;
mod other_time;

/// An address that stands in the database, in the clear.
const KNOWN: &[u8] = b"ada@example.org";

/// An appliance with backups switched on; none where this is not root.
struct Backed {
    place: Place,
}

impl Backed {
    fn new() -> Option<Self> {
        Self::with(|_| String::new())
    }

    /// With more in the section `[backup]`.
    fn with(more: impl FnOnce(&Place) -> String) -> Option<Self> {
        if !Uid::effective().is_root() {
            return None;
        }
        let place = Place::new();
        place.setup(&["--until", "organization"]).done();
        let settings = fs::read_to_string(place.settings()).unwrap();
        let section = format!(
            "\n[audit]\nfolder = {:?}\n[backup]\nfolder = {:?}\nrecord = {:?}\n{}\n",
            place.path("audit"),
            place.path("backup"),
            place.path("record"),
            more(&place)
        );
        fs::write(place.settings(), settings + &section).unwrap();
        let backed = Self { place };
        backed.backup(&["enable"]).done();
        Some(backed)
    }

    /// With a second location in a folder.
    fn with_folder() -> Option<Self> {
        let backed = Self::with(|place| format!("second = {:?}", place.path("second")))?;
        fs::create_dir(backed.second()).unwrap();
        Some(backed)
    }

    fn second(&self) -> PathBuf {
        self.place.path("second")
    }

    fn kit(&self, verb: &str, file: &str) -> Said {
        let (kit, passphrase) = (self.place.path("kit"), self.place.path("passphrase"));
        testkit::secret::write_private(&passphrase, "correct horse battery staple").ok();
        let arguments = ["--json", "recovery-kit", verb, file, kit.to_str().unwrap()];
        let passphrase = ["--passphrase-file", passphrase.to_str().unwrap()];
        run(
            Some(&self.place.settings()),
            &[arguments.as_slice(), &passphrase].concat(),
        )
    }

    fn rebuild(&self, passphrase: &str) -> Said {
        let (kit, second) = (self.place.path("kit"), self.second());
        let arguments = [
            "--json",
            "rebuild",
            "--from",
            second.to_str().unwrap(),
            "--kit",
            kit.to_str().unwrap(),
        ];
        let file = self.place.path("typed");
        fs::remove_file(&file).ok();
        testkit::secret::write_private(&file, passphrase).unwrap();
        let passphrase = ["--passphrase-file", file.to_str().unwrap()];
        run(
            Some(&self.place.settings()),
            &[arguments.as_slice(), &passphrase].concat(),
        )
    }

    fn backup(&self, arguments: &[&str]) -> Said {
        run(
            Some(&self.place.settings()),
            &[["--json", "backup"].as_slice(), arguments].concat(),
        )
    }

    fn json(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.backup(arguments).done()).unwrap()
    }

    fn repository(&self) -> PathBuf {
        self.place.path("backup")
    }

    /// Runs a statement as the superuser.
    fn sql(&self, text: &str) -> String {
        let socket = self.json_settings("host");
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"])
            .args(["--host", &socket, "--port", &self.json_settings("port")])
            .args([
                "--username",
                "postgres",
                "--dbname",
                "strongroom",
                "--command",
                text,
            ])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Has everything until now archived, and waits for it.
    fn archive(&self) {
        let name = self.sql("SELECT pg_walfile_name(pg_switch_wal())");
        let is_there = format!("SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver");
        let began = std::time::Instant::now();
        while self.sql(&is_there) != "t" {
            assert!(began.elapsed().as_secs() < 60, "{name} was not archived");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// A value of `[database]`.
    fn json_settings(&self, key: &str) -> String {
        let text = fs::read_to_string(self.place.settings()).unwrap();
        let table: toml::Table = text.parse().unwrap();
        match &table["database"][key] {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn holds(path: &Path, wanted: &[u8]) -> bool {
    let content = fs::read(path).unwrap();
    content.windows(wanted.len()).any(|part| part == wanted)
}

fn flip(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

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

#[test]
fn a_second_location_is_only_added_to_and_drilled_from() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    backed.json(&["run"]);
    let said = backed.backup(&["copy"]);
    assert_eq!(said.code, Some(1), "a place without our mark was taken: {said:?}");
    assert!(said.talk.contains("has no mark"), "{said:?}");
    assert!(files(&backed.second()).is_empty(), "something was written there");

    let first = backed.json(&["copy", "--begin"]);
    assert!(first["files"].as_u64().unwrap() > 5, "{first}");
    assert_eq!(
        backed.json(&["copy"])["files"],
        0,
        "what was there was sent again"
    );
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
    assert_eq!(backed.json(&["drill", "--second"])["drill"]["outcome"], "done");

    // What goes away here stays there.
    let bundles = files(&backed.repository().join("repository/backup"));
    let largest = bundles
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let there = backed
        .second()
        .join(largest.strip_prefix(backed.repository()).unwrap());
    fs::remove_file(largest).unwrap();
    backed.json(&["copy"]);
    assert!(there.exists(), "the second location was emptied from here");
    assert_eq!(backed.backup(&["verify"]).code, Some(1));
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);

    flip(&there);
    let said = backed.backup(&["verify", "--second"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!backed.repository().join("drill/fetched").exists());
}

#[test]
fn the_platform_comes_back_from_the_second_location_and_the_kit_alone() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    backed.json(&["run"]);
    backed.kit("make", "--to").done();
    backed.kit("verify", "--kit").done();
    // After the backup: only the archived changes have it.
    let password = backed.place.path("owner");
    let owner = [
        "--owner-email",
        "bo@example.org",
        "--password-file",
        password.to_str().unwrap(),
    ];
    let create = ["--json", "organization", "create", "later"];
    run(
        Some(&backed.place.settings()),
        &[create.as_slice(), &owner].concat(),
    )
    .done();
    let entries = "SELECT count(*) FROM strongroom.entry";
    let before: u32 = backed.sql(entries).parse().unwrap();
    backed.archive();
    backed.json(&["copy", "--begin"]);
    the_kit_alone_opens_a_drill(&backed);

    let refused = backed.rebuild("correct horse battery staple");
    assert_eq!(refused.code, Some(6), "an appliance was overwritten: {refused:?}");
    backed.place.destroy();
    for folder in ["etc", "etc-backup", "backup", "record"] {
        fs::remove_dir_all(backed.place.path(folder)).unwrap();
    }
    let refused = backed.rebuild("correct horse battery stable");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.talk.contains("does not open") && !backed.place.path("etc").exists(),
        "{refused:?}"
    );

    let rebuilt: Json = serde_json::from_str(&backed.rebuild("correct horse battery staple").done()).unwrap();
    assert!(rebuilt["newest_change"].is_string(), "{rebuilt}");
    assert!(
        backed.sql(entries).parse::<u32>().unwrap() > before,
        "entries are gone"
    );
    let organizations = run(
        Some(&backed.place.settings()),
        &["--json", "organization", "list"],
    )
    .done();
    assert!(
        organizations.contains("\"later\""),
        "a change after the backup is gone: {organizations}"
    );
    assert_eq!(
        backed.sql("SELECT count(*) FROM strongroom.session WHERE ended_at IS NULL"),
        "0"
    );
    assert_eq!(backed.json(&["verify"])["whole"], true);
    assert_eq!(backed.json(&["drill"])["drill"]["outcome"], "done");
    backed.kit("verify", "--kit").done();
}

impl Backed {
    fn create(&self, slug: &str) {
        let password = self.place.path("owner");
        run(Some(&self.place.settings()), &creation(slug, &password)).done();
    }

    /// Makes an organization at that time, which its entries bear.
    fn create_at(&self, moved: &Moved, slug: &str) {
        let password = self.place.path("owner");
        self.at(moved, &creation(slug, &password)).done();
    }

    fn has(&self, slug: &str) -> bool {
        let listed = run(Some(&self.place.settings()), &["--json", "organization", "list"]);
        listed.done().contains(&format!("\"{slug}\""))
    }

    fn restore(&self, arguments: &[&str]) -> Said {
        let begin = ["--json", "restore", "platform"];
        run(
            Some(&self.place.settings()),
            &[begin.as_slice(), arguments].concat(),
        )
    }

    fn restored(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.restore(arguments).done()).unwrap()
    }

    /// Has the worker carry a deletion out that was ordered two hours ago.
    fn delete(&self, slug: &str) {
        let order = format!(
            "SET session_replication_role = replica; INSERT INTO strongroom.deletion (id, organization_id, slug, name, cause, \
             ordered_by, hours, ordered_at) SELECT gen_random_uuid(), id, slug, name, 'order', id, 1, now() - interval '2 hours' \
             FROM strongroom.organization WHERE slug = '{slug}'"
        );
        self.sql(&order);
        let mut worker = super::program::strongroom()
            .arg("--config")
            .arg(self.place.settings())
            .arg("work")
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let began = std::time::Instant::now();
        while self.has(slug) && began.elapsed().as_secs() < 90 {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        worker.kill().unwrap();
        worker.wait().unwrap();
        assert!(!self.has(slug), "it was not deleted");
    }

    /// Whoever replays the archive to its end follows the newest timeline: it is that of the database that lives.
    fn newest_timeline_lives(&self) {
        let alive: u32 = self
            .sql("SELECT timeline_id FROM pg_control_checkpoint()")
            .parse()
            .unwrap();
        let archived = files(&self.repository().join("repository/archive"));
        let newest = archived.iter().filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".history")?;
            u32::from_str_radix(name, 16).ok()
        });
        assert_eq!(newest.max(), Some(alive));
    }

    /// The database's clock.
    fn now(&self) -> String {
        self.sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    }
}

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

fn the_kit_alone_opens_a_drill(backed: &Backed) {
    let (kit, passphrase) = (backed.place.path("kit"), backed.place.path("passphrase"));
    let with_kit = |passphrase: &Path| {
        let arguments = ["drill", "--second", "--kit", kit.to_str().unwrap()];
        backed.backup(
            &[
                arguments.as_slice(),
                &["--passphrase-file", passphrase.to_str().unwrap()],
            ]
            .concat(),
        )
    };
    let drill: Json = serde_json::from_str(&with_kit(&passphrase).done()).unwrap();
    assert_eq!(
        (&drill["drill"]["with_kit"], &drill["drill"]["outcome"]),
        (&true.into(), &"done".into()),
        "{drill}"
    );
    let wrong = backed.place.path("wrong");
    testkit::secret::write_private(&wrong, "correct horse battery stable").unwrap();
    assert_eq!(
        with_kit(&wrong).code,
        Some(1),
        "a kit opened with another passphrase"
    );
}

#[test]
fn a_copy_goes_over_sftp_to_the_host_of_the_settings_and_to_no_other() {
    if !Uid::effective().is_root() {
        return;
    }
    let server = SftpServer::start_at("127.0.0.1").unwrap();
    let host_key = server.host_key().unwrap();
    let section = format!("second = {:?}\nsecond_host_key = {host_key:?}", server.location());
    let Some(backed) = Backed::with(|_| section) else {
        return;
    };
    backed.json(&["run"]);
    assert_eq!(
        backed.backup(&["copy", "--begin"]).code,
        Some(1),
        "without a key to sign in with"
    );
    let key = backed.backup(&["copy", "--key"]).done();
    server.admit(&key).unwrap();
    let sent = backed.json(&["copy", "--begin"]);
    assert!(sent["files"].as_u64().unwrap() > 5, "{sent}");
    assert!(sent["newest_change"].is_string(), "{sent}");
    assert_eq!(
        backed.json(&["copy"])["files"],
        0,
        "what was there was sent again"
    );
    assert_eq!(backed.json(&["drill", "--second"])["drill"]["outcome"], "done");
    for path in files(&server.copy()) {
        assert!(!holds(&path, KNOWN), "{} is not encrypted", path.display());
    }

    // Somebody else answers in its place.
    let settings = fs::read_to_string(backed.place.settings()).unwrap();
    let last = host_key.chars().last().unwrap();
    let other = host_key[..host_key.len() - 1].to_owned() + if last == 'A' { "B" } else { "A" };
    fs::write(backed.place.settings(), settings.replace(&host_key, &other)).unwrap();
    let said = backed.backup(&["copy"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("refused"), "{said:?}");
}

/// The command that makes an organization whose owner has the password in that file.
fn creation<'a>(slug: &'a str, password: &'a Path) -> [&'a str; 8] {
    let password = password.to_str().unwrap();
    [
        "--json",
        "organization",
        "create",
        slug,
        "--owner-email",
        "bo@example.org",
        "--password-file",
        password,
    ]
}
