//! An update by a bundle on a machine without a network, as docs/OPERATIONS.md says.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::machine::Release;
use testkit::package::{repack, wrap};
use testkit::process;
use updates::build::{self, Draft, Source};
use updates::key::{KeySet, SigningKey};
use updates::manifest::Content;
use updates::name::TargetName;
use updates::root::{Chain, Root};
use updates::terms::Machine;

use super::super::package::package;
use super::site::{OWNER, PASSWORD, Site};
use super::update::DEAD_DAEMON;

const NEXT: &str = "0.1.1";
const UNWELL: &str = "0.1.2";
const INSIDE: &str = "/root/strongroom.bundle";
/// Stands for Debian's own packages.
const OTHER: &str = "strongroom-test-other";

#[test]
fn a_bundle_updates_a_machine_without_a_network_and_both_promises_can_be_looked_at() {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.set_up();
    let maker = Maker::new();
    site.machine
        .copy_in(&maker.other("1.0"), "/root/other.deb")
        .unwrap();
    site.machine
        .run(&["dpkg", "--install", "/root/other.deb"])
        .unwrap();
    let before = site.machine.packets_sent().unwrap();

    let root = maker.chain.first_anchor().unwrap().to_string();
    let next = repack(&package(), NEXT, maker.folder.path(), |_| Ok(())).unwrap();
    maker.carry(&site, 1, NEXT, next);
    let taken = import(&site, &["--root", &root, "--install"]);
    let refused = taken.expect_err("nothing to go back to is at hand");
    assert!(refused.contains("--way-back"), "{refused}");
    assert_eq!(version(&site, "strongroom"), "0.1.0");
    let said = run(&site, &["--bundle", "--way-back", "/root/strongroom.deb"]).unwrap();
    assert_eq!(version(&site, "strongroom"), NEXT, "{said}");
    assert_eq!(version(&site, OTHER), "2.0", "{said}");
    look_at_promises(&site);

    a_bundle_that_is_not_well_is_undone_and_stays_denied(&site, &maker);
    let after = site.machine.packets_sent().unwrap();
    assert_eq!(after, before, "somebody tried the network");
    let console = site.console();
    console.wait_until_ready();
    assert!(console.sign_in(OWNER, PASSWORD).contains("Sign out"));
}

/// The version before is kept from its own update now.
fn a_bundle_that_is_not_well_is_undone_and_stays_denied(site: &Site, maker: &Maker) {
    let unwell = repack(&package(), UNWELL, maker.folder.path(), |tree| {
        wrap(&tree.join("usr/bin/strongroom"), DEAD_DAEMON)
    });
    maker.carry(site, 2, UNWELL, unwell.unwrap());
    let said = import(site, &["--install"]).expect_err("it is not well");
    assert!(said.contains(&format!("going back to {NEXT}")), "{said}");
    assert_eq!(version(site, "strongroom"), NEXT, "{said}");
    let again = run(site, &["--bundle"]).expect_err("it was not well");
    assert!(again.contains("denied"), "{again}");
    assert_eq!(version(site, "strongroom"), NEXT, "{again}");
    let history = ["strongroom", "--json", "update", "history"];
    let history: Value = serde_json::from_str(&site.machine.run(&history).unwrap()).unwrap();
    let ends = |at: usize| {
        (
            &history["updates"][at]["outcome"],
            &history["updates"][at]["bundle"],
        )
    };
    assert_eq!(ends(0), (&json!("undone"), &json!(2)));
    assert_eq!(ends(1), (&json!("installed"), &json!(1)));
}

fn import(site: &Site, more: &[&str]) -> Result<String, String> {
    say(
        site,
        &[&["strongroom", "update", "import", INSIDE], more].concat(),
    )
}

fn run(site: &Site, more: &[&str]) -> Result<String, String> {
    say(site, &[&["strongroom", "update", "run"], more].concat())
}

/// What a command said to people; as an error where it did not end well.
fn say(site: &Site, command: &[&str]) -> Result<String, String> {
    let output = site.machine.attempt(command).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("the database cannot be asked"), "{said}");
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

fn version(site: &Site, package: &str) -> String {
    let shown = ["dpkg-query", "--show", "--showformat=${Version}", package];
    site.machine.run(&shown).unwrap()
}

/// As the daemons' user sees them, who may read the record and the data and write neither.
fn look_at_promises(site: &Site) {
    let check = "strongroom --json promises --check";
    for command in [
        check.to_owned(),
        "runuser -u strongroom -- test ! -w /var/lib/strongroom/updates".to_owned(),
    ] {
        site.machine.shell(&command).unwrap();
    }
    let read = "runuser -u strongroom -- cat /var/lib/strongroom/updates/update-record.json \
                /var/lib/strongroom/updates/1/files/tracker.json /etc/strongroom/update-record.json";
    site.machine.shell(read).unwrap();
    let seen: Value = serde_json::from_str(&site.machine.shell(check).unwrap()).unwrap();
    // Nothing but the bundle brings updates here.
    for id in ["offline-updates", "vulnerability-scanning", "security-updates"] {
        let line = find(&seen, id).unwrap_or_else(|| panic!("{id} is missing: {seen}"));
        assert_eq!(line["state"], "kept", "{line}");
    }
}

/// The object with this id, wherever it stands.
fn find<'a>(json: &'a Value, id: &str) -> Option<&'a Value> {
    match json {
        Value::Array(values) => values.iter().find_map(|value| find(value, id)),
        Value::Object(members) if members.get("id").is_some_and(|found| found == id) => Some(json),
        Value::Object(members) => members.values().find_map(|value| find(value, id)),
        _ => None,
    }
}

/// Whoever makes bundles, with keys of a moment.
struct Maker {
    folder: TempDir,
    chain: Chain,
    keys: Vec<SigningKey>,
    now: Timestamp,
}

impl Maker {
    fn new() -> Self {
        let keys: Vec<SigningKey> = (0..3).map(|_| SigningKey::generate().unwrap()).collect();
        let public = keys.iter().map(|key| key.public().unwrap()).collect();
        let set = KeySet::new(2, public).unwrap();
        let now = Timestamp::now();
        let root = Root {
            version: 1,
            expires: now + SignedDuration::from_hours(24 * 30),
            root: set.clone(),
            bundle: set,
        };
        Self {
            chain: build::add_root(Chain::new(Vec::new()), &root, &keys, now).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            keys,
            now,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Brings a bundle with a version of the platform to the machine.
    fn carry(&self, site: &Site, sequence: u64, version: &str, deb: PathBuf) {
        let bundle = self.bundle(sequence, version, deb);
        fs::write(site.machine.outside(INSIDE), bundle).unwrap();
    }

    fn bundle(&self, sequence: u64, version: &str, deb: PathBuf) -> Vec<u8> {
        let tracker = r#"{"dpkg": {"CVE-2026-0001": {"releases": {"trixie": {"status": "resolved", "fixed_version": "1.0"}}}}}"#;
        fs::write(self.path("tracker"), tracker).unwrap();
        let advisory = r#"{"id": "RUSTSEC-2026-0001", "affected": []}"#;
        fs::write(self.path("advisories"), advisory).unwrap();
        let (as_of, records) = (self.now, 1);
        let source = |name: &str, path: PathBuf, content| Source {
            name: TargetName::parse(name).unwrap(),
            path,
            content,
        };
        let content = |name: &str, version: &str, architecture: &str| Content::Package {
            package: name.to_owned(),
            version: version.parse().unwrap(),
            architecture: architecture.to_owned(),
        };
        let other = content(OTHER, "2.0", "all");
        let sources = [
            source("strongroom.deb", deb, content("strongroom", version, "amd64")),
            source("other.deb", self.other("2.0"), other),
            source(
                "tracker.json",
                self.path("tracker"),
                Content::Tracker { as_of, records },
            ),
            source(
                "advisories.jsonl",
                self.path("advisories"),
                Content::Advisories { as_of, records },
            ),
        ];
        let draft = Draft {
            machine: Machine {
                product: "strongroom".to_owned(),
                release: "trixie".to_owned(),
                architecture: "amd64".to_owned(),
                version: version.parse().unwrap(),
            },
            from_oldest: "0.1.0".parse().unwrap(),
            sequence,
            made_at: self.now,
            not_before: self.now - SignedDuration::from_secs(60),
            not_after: self.now + SignedDuration::from_hours(24),
        };
        let mut bytes = Vec::new();
        build::bundle(&mut bytes, &self.chain, &draft, &sources, &self.keys).unwrap();
        bytes
    }

    /// A package without any file.
    fn other(&self, version: &str) -> PathBuf {
        let tree = self.path(&format!("other-{version}"));
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {OTHER}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: nothing\n"
        );
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        let file = self.path(&format!("other-{version}.deb"));
        let mut build = Command::new("dpkg-deb");
        build.args(["--root-owner-group", "-Zgzip", "-z1", "--build"]);
        process::run(build.arg(&tree).arg(&file)).unwrap();
        file
    }
}
