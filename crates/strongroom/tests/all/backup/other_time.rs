//! Backups under a clock that is off, and of a program that was older: what hours, days and releases do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use testkit::clock::Moved;

use super::Backed;
use crate::all::program::{Said, run, said, strongroom};

impl Backed {
    /// The program, with its clock moved.
    pub(super) fn at(&self, moved: &Moved, arguments: &[&str]) -> Said {
        let mut command = strongroom();
        moved.apply(&mut command);
        command.arg("--config").arg(self.place.settings()).args(arguments);
        said(command)
    }

    /// A promise as it is seen at that time: its state, and why.
    pub(super) fn promise(&self, moved: &Moved, id: &str) -> (String, String) {
        let seen = self.at(moved, &["--json", "promises", "--check"]).done();
        let seen: Json = serde_json::from_str(&seen).unwrap();
        let lines = seen["promises"].as_array().unwrap();
        let line = lines.iter().find(|line| line["id"] == id).unwrap();
        (line["state"].as_str().unwrap().to_owned(), line.to_string())
    }

    /// The settings of the cluster, as Debian keeps them.
    fn cluster_settings(&self) -> PathBuf {
        let file = self.sql("SHOW config_file");
        Path::new(&file).parent().unwrap().to_owned()
    }

    /// Has PostgreSQL, and the engine that it starts, see another time from its next start on.
    pub(super) fn move_cluster(&self, moved: Option<&Moved>) {
        let settings = self.cluster_settings();
        let lines = moved.map_or_else(String::new, |moved| {
            let variables = moved.variables();
            variables
                .map(|(name, value)| format!("{name} = '{value}'\n"))
                .concat()
        });
        fs::write(settings.join("environment"), lines).unwrap();
        let name = settings.file_name().unwrap();
        let version = settings.parent().unwrap().file_name().unwrap();
        let restarted = Command::new("pg_ctlcluster")
            .arg(version)
            .arg(name)
            .arg("restart")
            .status();
        assert!(restarted.unwrap().success(), "PostgreSQL does not start anew");
    }

    fn organizations_are_up_to_date(&self) -> bool {
        let seen = run(Some(&self.place.settings()), &["--json", "database", "status"]).done();
        let seen: Json = serde_json::from_str(&seen).unwrap();
        seen["pending"] == serde_json::json!([]) && seen["organizations_behind"] == 0
    }
}

#[test]
fn a_clock_that_was_a_month_ahead_for_a_night_stops_no_later_backup() {
    let Some(backed) = Backed::new() else { return };
    backed.json(&["run"]);
    // Of two the engine would keep one only, a month later.
    backed.json(&["run", "--full"]);
    let ahead = Moved::by_days(30);
    backed.move_cluster(Some(&ahead));
    // By the clock of the database: an entry whose time is far from it is told as forged.
    backed.create_at(&ahead, "ahead");
    backed.at(&ahead, &["--json", "backup", "run", "--full"]).done();
    backed.move_cluster(None);
    backed.create("after");
    // What the wrong clock made is told as old, not as good for a month.
    let (state, why) = backed.promise(&Moved::by_hours(0), "backup-nightly");
    assert_eq!(state, "broken", "{why}");

    assert_eq!(backed.json(&["run"])["run"]["outcome"], "done");
    let listed = backed.json(&["list"]);
    assert_eq!(listed["backups"].as_array().unwrap().len(), 3, "{listed}");
    assert_eq!(backed.json(&["verify"])["whole"], true);
    // The log bears the times of that night for ever; a drill says so of the copy, which is no worse for it.
    let drill = backed.json(&["drill"]);
    assert_eq!(drill["drill"]["outcome"], "done");
    assert!(drill.to_string().contains("stand after later ones"), "{drill}");
    assert_eq!(backed.json(&["run"])["run"]["outcome"], "done", "the next night");
    let (state, why) = backed.promise(&Moved::by_hours(0), "backup-nightly");
    assert_eq!(state, "kept", "{why}");
    assert!(backed.has("ahead") && backed.has("after"));
}

/// The newest step of a scope, taken back as the release before it would not have had it.
fn newest_down(scope: &str) -> (i32, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../store/migrations")
        .join(scope);
    let newest = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .max();
    let newest = newest.unwrap();
    let name = newest.file_name().unwrap().to_str().unwrap();
    let version = name.split('_').next().unwrap().parse().unwrap();
    (version, fs::read_to_string(newest.join("down.sql")).unwrap())
}

impl Backed {
    /// The schemas as a program of before the newest steps had them.
    fn go_to_earlier_schemas(&self) {
        let (control, of_control) = newest_down("control");
        let (organization, of_organization) = newest_down("organization");
        let schema = self.sql("SELECT schema_name FROM strongroom.organization");
        let text = format!(
            "BEGIN; SET LOCAL session_replication_role = replica; {down} {of_control}
             UPDATE strongroom.organization SET schema_version = {organization} - 1;
             DELETE FROM strongroom_migration.applied WHERE (scope, version) IN (('control', {control}), ('organization', {organization}));
             COMMIT",
            down = of_organization.replace("{{schema}}", &schema),
        );
        self.sql(&text);
    }
}

#[test]
fn a_backup_of_an_older_version_is_drilled_and_restored_by_a_newer_one() {
    let Some(backed) = Backed::new() else { return };
    backed.go_to_earlier_schemas();
    assert!(!backed.organizations_are_up_to_date());
    backed.json(&["run"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let moment = backed.now();
    run(Some(&backed.place.settings()), &["database", "migrate"]).done();
    assert!(backed.organizations_are_up_to_date());
    backed.create("after");
    let drill = backed.json(&["drill"]);
    assert_eq!(drill["drill"]["outcome"], "done", "{drill}");

    let looked = backed.restored(&["--to", &moment]);
    let name = looked["confirm"].as_str().unwrap().to_owned();
    backed.restored(&["--to", &moment, "--confirm", &name]);
    assert!(backed.has("acme") && !backed.has("after"));
    assert!(
        backed.organizations_are_up_to_date(),
        "the schemas of then were left"
    );
    backed.create("later");
    let checked = run(Some(&backed.place.settings()), &["audit", "check"]);
    // Nobody works here, so entries wait for the log.
    let is_wrong = |line: &str| line.starts_with("fault: ") && !line.contains("wait for the log");
    assert!(!checked.talk.lines().any(is_wrong), "{checked:?}");
}
