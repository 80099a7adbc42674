//! A deleted organization is gone: from the data folder with its write-ahead log, from what the daemons keep beside it, and, once both
//! places have let go of their old backups, from everything that can still be restored.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::clock::Moved;
use testkit::process::{self, Account};

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

    /// The engine by its own account.
    fn engine(&self, arguments: &[&str]) {
        let settings = self.place.path("etc-backup/pgbackrest.conf");
        let mut engine = Account::for_postgres()
            .unwrap()
            .command(Path::new("/usr/bin/pgbackrest"));
        engine
            .current_dir("/")
            .arg(format!("--config={}", settings.display()));
        process::run(engine.arg("--stanza=strongroom").args(arguments)).unwrap();
    }

    /// Every backup and every archived change of the first location, opened; and what of it holds something wanted.
    fn found_in_repository(&self, wanted: &Wanted) -> Vec<String> {
        let opened = self.place.path("opened");
        fs::remove_dir_all(&opened).ok();
        fs::create_dir(&opened).unwrap();
        let own = |path: &Path| Account::for_postgres().unwrap().own(path).unwrap();
        own(&opened);
        for backup in self.json(&["list"])["backups"].as_array().unwrap() {
            let label = backup["label"].as_str().unwrap();
            let folder = opened.join(label);
            fs::create_dir(&folder).unwrap();
            own(&folder);
            let (set, to) = (
                format!("--set={label}"),
                format!("--pg1-path={}", folder.display()),
            );
            self.engine(&["--archive-mode=off", "--type=immediate", &set, &to, "restore"]);
        }
        for change in files(&self.repository().join("repository/archive")) {
            let name = change.file_name().unwrap().to_str().unwrap();
            if change.extension() == Some("zst".as_ref()) && name.len() > 24 {
                let to = opened.join(&name[..24]);
                self.engine(&["archive-get", &name[..24], to.to_str().unwrap()]);
            }
        }
        found(&opened, wanted)
    }

    /// Days later both places let go of what is too old: here by our own runs, and there, where as much time has passed for these files, by its own
    /// clock.
    fn let_go(&self, later: &Moved, old: &BTreeSet<PathBuf>) {
        self.at(later, &["backup", "run", "--full"]).done();
        assert_eq!(
            self.json(&["list"])["backups"].as_array().unwrap().len(),
            2,
            "a jump of the clock let go of it"
        );
        self.at(later, &["backup", "run", "--full"]).done();
        for path in old {
            let aged = Command::new("touch")
                .args(["--date", "20 days ago"])
                .arg(self.second().join(path))
                .status();
            assert!(aged.unwrap().success());
        }
        self.at(later, &["backup", "copy"]).done();
        let cleaned = Command::new("sh")
            .args(["-c", &clean_up_there()])
            .current_dir(self.second())
            .status();
        assert!(cleaned.unwrap().success());
        self.at(later, &["backup", "copy"]).done();
    }

    /// What lies at both places, by its path.
    fn at_both(&self) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
        let below = |root: PathBuf| {
            let mut all = BTreeSet::new();
            for part in ["repository", "state"] {
                let paths = files(&root.join(part)).into_iter();
                all.extend(paths.map(|path| path.strip_prefix(&root).unwrap().to_owned()));
            }
            all
        };
        (below(self.repository()), below(self.second()))
    }
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
        for (what, value) in wanted {
            if content.windows(value.len()).any(|part| part == value) {
                found.push(format!("{what} in {}", path.display()));
            }
        }
    }
    found
}

fn holds_all_but_the_sealed(found: &[String]) -> bool {
    let has = |what: &str| found.iter().any(|one| one.starts_with(what));
    has("a value") && has("an address") && has("its key") && !has("a sensitive value")
}

/// How OPERATIONS.md has the second location let go of what is too old.
fn clean_up_there() -> String {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("[ -n \"$(find repository/backup"));
    line.expect("OPERATIONS.md says how the second location is cleaned up")
        .to_owned()
}

fn is_list(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.ends_with(".info") || name.ends_with(".info.copy")
}

#[test]
fn a_deleted_organization_is_nowhere_once_both_places_have_let_go_of_old_backups() {
    let Some(backed) = Backed::with_folder() else {
        return;
    };
    let wanted = backed.fill();
    let data = backed.place.path("data");
    backed.archive();
    backed.sql("CHECKPOINT");
    backed.json(&["run"]);
    backed.json(&["copy", "--begin"]);
    let before = found(&data, &wanted);
    assert!(
        holds_all_but_the_sealed(&before),
        "the search sees what there is: {before:?}"
    );
    let before = backed.found_in_repository(&wanted);
    assert!(
        holds_all_but_the_sealed(&before),
        "and in what is restored: {before:?}"
    );
    let (here, there) = backed.at_both();
    assert!(there.is_subset(&here) && there.len() > 5, "{here:?} {there:?}");

    backed.sweep();
    for place in ["data", "audit", "etc", "record"] {
        assert_eq!(
            found(&backed.place.path(place), &wanted),
            [] as [String; 0],
            "in {place}"
        );
    }
    backed.json(&["copy"]);
    let old: BTreeSet<PathBuf> = backed.at_both().0;
    let promise = backed.promise(&Moved::by_days(20), "deletion-backups");
    assert_eq!(promise.0, "broken", "both hold it still: {}", promise.1);

    let later = Moved::by_days(20);
    backed.let_go(&later, &old);
    let (here, there) = backed.at_both();
    for (place, held) in [("here", &here), ("there", &there)] {
        let left: Vec<_> = held.intersection(&old).filter(|path| !is_list(path)).collect();
        assert!(left.is_empty(), "of before the deletion, {place}: {left:?}");
    }
    for path in there.intersection(&here) {
        let read = |root: PathBuf| fs::read(root.join(path)).unwrap();
        assert_eq!(
            read(backed.repository()),
            read(backed.second()),
            "{}",
            path.display()
        );
    }
    assert_eq!(there.difference(&here).count(), 0, "{there:?} and {here:?}");
    assert_eq!(backed.found_in_repository(&wanted), [] as [String; 0]);
    let promise = backed.promise(&later, "deletion-backups");
    assert_eq!(promise.0, "kept", "{}", promise.1);
    assert_eq!(backed.json(&["verify", "--second"])["whole"], true);
}
