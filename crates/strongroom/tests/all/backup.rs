//! Backups of a real cluster with the real engine: taken, verified, restored aside; and each fault that a check is there
//! for, played. What only root may do is tested as root only; the runner of CI is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use serde_json::Value as Json;

use testkit::clock::Moved;

use super::program::{Said, run};
use super::setup::Place;

mod away;
mod back_in_time;
mod bad_day;
mod bucket;
mod cut_off;
mod gone;
mod other_time;
mod second;
mod taken;

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
