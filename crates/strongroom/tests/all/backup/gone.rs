//! A deleted organization is gone from the machine: from the data folder with its write-ahead log, and from what the daemons and root keep
//! beside it; and, once the time of backups is over, from both locations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::clock::Moved;
use testkit::process;

use super::{Backed, files};
use crate::all::appliance::Daemon;
use crate::all::program::{Said, run};

/// Typed into a sensitive field: never in the clear anywhere.
const SEALED: &str = "NL91ABNA0417164300";
/// Typed into a field in the clear.
const PLAIN: &str = "a berth that is nowhere else in the world 7c1f";
/// The owner's, who has no other organization.
const ADDRESS: &str = "bo@example.org";
const SLUG: &str = "doomed";
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(150);

/// What is looked for, each with what it is.
type Wanted = Vec<(&'static str, Vec<u8>)>;

impl Backed {
    /// The owner's own commands.
    fn as_owner(&self, words: &str, more: &[&str]) -> Said {
        let client = self.place.path("client.toml");
        let text = format!(
            "url = \"https://localhost:{}\"\nca_file = {:?}\ntoken_file = {:?}\norganization = {SLUG:?}\n",
            self.place.https,
            self.place.path("etc/tls/authority.pem"),
            self.place.path("doomed-token")
        );
        fs::write(&client, text).unwrap();
        let words: Vec<&str> = words.split(' ').chain(more.iter().copied()).collect();
        run(Some(&client), &words)
    }

    /// An organization with a record of both kinds of values; gives what its deletion must leave nothing of.
    fn fill(&self) -> Wanted {
        self.create(SLUG);
        let (password, token) = (self.place.path("owner"), self.place.path("doomed-token"));
        let who = [
            "token",
            "create",
            "--organization",
            SLUG,
            "--email",
            ADDRESS,
            "--name",
            "work",
        ];
        let files = [
            "--password-file",
            password.to_str().unwrap(),
            "--output",
            token.to_str().unwrap(),
        ];
        run(Some(&self.place.settings()), &[who.as_slice(), &files].concat()).done();
        let _daemon: Daemon = self.place.serve();
        self.as_owner(
            "dataset create Berths --key berths --field Name=text --field Account=text",
            &[],
        )
        .done();
        self.as_owner("dataset make-sensitive berths account", &[]).done();
        let values = [format!("name={PLAIN}"), format!("account={SEALED}")];
        self.as_owner("record create berths", &[&values[0], &values[1]])
            .done();
        let key = self.sql(&format!(
            "SELECT encode(wrapped, 'hex') FROM strongroom.organization_key JOIN strongroom.organization o ON o.id = organization_id \
             WHERE slug = '{SLUG}' LIMIT 1"
        ));
        let key = (0..key.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap());
        vec![
            ("a sensitive value", SEALED.as_bytes().to_vec()),
            ("a value", PLAIN.as_bytes().to_vec()),
            ("an address", ADDRESS.as_bytes().to_vec()),
            ("its key", key.collect()),
        ]
    }

    /// The engine alone, on a copy of the repository.
    fn engine(&self, repository: &Path, words: &[&str]) -> Output {
        let mut engine = Command::new("pgbackrest");
        engine
            .arg(format!(
                "--config={}",
                self.place.path("etc-backup/pgbackrest.conf").display()
            ))
            .arg(format!("--repo1-path={}", repository.display()))
            .arg(format!("--lock-path={}", self.place.path("locks").display()))
            .arg("--stanza=strongroom")
            .args(words);
        engine.output().unwrap()
    }

    /// Which wanted values can be read out of a location: every backup is restored, and every archived change fetched, as whoever has the
    /// key of the repository would.
    fn read_out_of(&self, location: &Path, wanted: &Wanted) -> Vec<String> {
        let repository = location.join("repository");
        let out = self.place.path("read-out");
        fs::create_dir(&out).unwrap();
        for label in labels(&repository.join("backup/strongroom")) {
            let folder = out.join(&label);
            fs::create_dir(&folder).unwrap();
            let to = format!("--pg1-path={}", folder.display());
            let set = format!("--set={label}");
            let restored = self.engine(&repository, &[&to, &set, "--archive-mode=off", "restore"]);
            assert!(restored.status.success(), "{label}: {restored:?}");
        }
        for (name, _) in segments(&repository) {
            let to = out.join(&name);
            let fetched = self.engine(
                &repository,
                &["--no-archive-async", "archive-get", &name, to.to_str().unwrap()],
            );
            assert!(fetched.status.success() && to.exists(), "{name}: {fetched:?}");
        }
        let found = found(&out, wanted);
        fs::remove_dir_all(&out).unwrap();
        found
    }

    /// The worker, until what was removed has been written over.
    fn sweep(&self) {
        self.delete(SLUG);
        let worker = self.work_at(&Moved::by_hours(0));
        let is_swept =
            || self.sql("SELECT count(*) FROM strongroom.deletion WHERE swept_at IS NOT NULL") == "1";
        assert!(
            process::poll(PATIENCE, is_swept),
            "it was not swept: {}",
            worker.log()
        );
        drop(worker);
        // What the next minutes do by themselves: the files of changes end, and those that are archived go.
        for _ in 0..2 {
            self.archive();
            self.sql("CHECKPOINT");
        }
    }
}

/// The backups in a folder: what has a manifest. The other side's rule leaves empty folders.
fn labels(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let backups = entries.filter(|entry| entry.path().join("backup.manifest").exists());
    let names = backups.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name != "latest").collect()
}

/// The archived files of changes, by their names.
fn segments(repository: &Path) -> Vec<(String, PathBuf)> {
    let named = files(&repository.join("archive")).into_iter().filter_map(|path| {
        let (name, _) = path.file_name()?.to_str()?.split_once('-')?;
        let is_segment = name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_segment.then(|| (name.to_owned(), path.clone()))
    });
    named.collect()
}

/// The rule that OPERATIONS.md gives the other side, as it stands there.
fn rule_of_the_other_side() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md");
    let text = fs::read_to_string(file).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("[ -n \"$(find repository/backup"));
    line.unwrap().to_owned()
}

/// Which wanted values stand in files below a folder, each with the first file.
fn found(folder: &Path, wanted: &Wanted) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        let content = match fs::read(&path) {
            // PostgreSQL runs, and removes files of its own.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.unwrap(),
        };
        // One pass for all of them: there are hundreds of megabytes.
        let mut begins = [false; 256];
        wanted
            .iter()
            .for_each(|(_, value)| begins[usize::from(value[0])] = true);
        for (at, byte) in content.iter().enumerate() {
            if begins[usize::from(*byte)] {
                let here = wanted
                    .iter()
                    .filter(|(_, value)| content[at..].starts_with(value));
                found.extend(here.map(|(what, _)| format!("{what} in {}", path.display())));
            }
        }
    }
    found
}

fn holds_all_but_the_sealed(found: &[String]) -> bool {
    let has = |what: &str| found.iter().any(|one| one.starts_with(what));
    has("a value") && has("an address") && has("its key") && !has("a sensitive value")
}

#[test]
fn a_deleted_organization_is_nowhere_on_the_machine_nor_in_its_write_ahead_log() {
    let Some(backed) = Backed::new() else { return };
    let wanted = backed.fill();
    let data = backed.place.path("data");
    let in_log = found(&data.join("pg_wal"), &wanted);
    assert!(holds_all_but_the_sealed(&in_log), "the log holds it: {in_log:?}");
    backed.archive();
    backed.sql("CHECKPOINT");
    let before = found(&data, &wanted);
    assert!(
        holds_all_but_the_sealed(&before),
        "the search sees what there is: {before:?}"
    );
    backed.sweep();
    for place in ["data", "audit", "etc", "record"] {
        assert_eq!(
            found(&backed.place.path(place), &wanted),
            [] as [String; 0],
            "in {place}"
        );
    }
}

#[test]
fn a_deleted_organization_is_in_no_backup_of_either_location_when_its_time_is_over() {
    // Held for three days: a day, one between two that hold everything, and one more.
    let more = |place: &crate::all::setup::Place| {
        let second = place.path("second");
        format!("retention_days = 1\nfull_days = 1\nsecond = {second:?}")
    };
    let Some(backed) = Backed::with(more) else { return };
    fs::create_dir(backed.second()).unwrap();
    let wanted = backed.fill();
    backed.json(&["run"]);
    backed.sweep();
    backed.json(&["copy", "--begin"]);
    for location in [backed.repository(), backed.second()] {
        let before = backed.read_out_of(&location, &wanted);
        assert!(
            holds_all_but_the_sealed(&before),
            "the search sees what there is: {before:?}"
        );
    }

    // No night for four days; the second run after it lets go.
    let later = Moved::by_days(4);
    backed.move_cluster(Some(&later));
    for _ in 0..2 {
        backed.at(&later, &["--json", "backup", "run"]).done();
    }
    let nothing: [String; 0] = [];
    assert_eq!(backed.read_out_of(&backed.repository(), &wanted), nothing);

    // The other side counts by its own clock: what came first is old, and what comes now is not.
    for path in files(&backed.second()) {
        let aged = Command::new("touch")
            .args(["--date", "17 days ago"])
            .arg(path)
            .status();
        assert!(aged.unwrap().success());
    }
    backed.at(&later, &["--json", "backup", "copy"]).done();
    let rule = Command::new("sh")
        .args(["-c", &rule_of_the_other_side()])
        .current_dir(backed.second())
        .output()
        .unwrap();
    assert!(rule.status.success(), "{rule:?}");
    assert_eq!(backed.read_out_of(&backed.second(), &wanted), nothing);
    backed.move_cluster(None);
}
