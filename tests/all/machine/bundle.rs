//! An update by a bundle on a machine without a network, as docs/OPERATIONS.md says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use testkit::machine::Release;
use testkit::process;
use updates::build::{self, Draft, Source};
use updates::key::{KeySet, SigningKey};
use updates::manifest::Content;
use updates::name::TargetName;
use updates::root::{Chain, Root};
use updates::terms::Machine;

use super::super::package;
use super::site::{OWNER, PASSWORD, Site};

const NEXT: &str = "0.1.1";
const INSIDE: &str = "/root/strongroom.bundle";
const APT: [&str; 8] = [
    "-o",
    "Dir::Etc::sourcelist=/run/strongroom-bundle.list",
    "-o",
    "Dir::Etc::sourceparts=-",
    "-o",
    "APT::Sandbox::User=root",
    "-o",
    "APT::Get::List-Cleanup=0",
];

#[test]
fn a_bundle_updates_a_machine_without_a_network_and_both_promises_can_be_looked_at() {
    let site = Site::boot(Release::Trixie);
    site.install();
    site.set_up();
    let before = site.machine.packets_sent().unwrap();
    let maker = Maker::new();
    fs::write(site.machine.outside(INSIDE), maker.bundle()).unwrap();
    let root = maker.chain.first_anchor().unwrap().to_string();
    let said = site
        .machine
        .shell(&format!("strongroom update import {INSIDE} --root {root} 2>&1"))
        .unwrap();
    assert!(!said.contains("the database cannot be asked"), "{said}");
    install(&site);
    let installed = site
        .machine
        .shell("dpkg-query -W -f '${Version}' strongroom")
        .unwrap();
    assert_eq!(installed, NEXT);
    site.machine
        .run(&["systemctl", "restart", "strongroom", "strongroom-worker"])
        .unwrap();
    let after = site.machine.packets_sent().unwrap();
    assert_eq!(after, before, "somebody tried the network");
    let console = site.console();
    console.wait_until_ready();
    assert!(console.sign_in(OWNER, PASSWORD).contains("Sign out"));
    look_at_promises(&site);
}

fn install(site: &Site) {
    let list = "echo 'deb [trusted=yes] file:/var/lib/strongroom/updates/1 ./' > /run/strongroom-bundle.list";
    site.machine.shell(list).unwrap();
    site.apt(&[&APT[..], &["update"]].concat());
    site.apt(&[&APT[..], &["upgrade"]].concat());
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
    let seen: serde_json::Value = serde_json::from_str(&site.machine.shell(check).unwrap()).unwrap();
    for id in ["offline-updates", "vulnerability-scanning"] {
        let line = find(&seen, id).unwrap_or_else(|| panic!("{id} is missing: {seen}"));
        assert_eq!(line["state"], "kept", "{line}");
    }
}

/// The object with this id, wherever it stands.
fn find<'a>(json: &'a serde_json::Value, id: &str) -> Option<&'a serde_json::Value> {
    match json {
        serde_json::Value::Array(values) => values.iter().find_map(|value| find(value, id)),
        serde_json::Value::Object(members) if members.get("id").is_some_and(|found| found == id) => {
            Some(json)
        }
        serde_json::Value::Object(members) => members.values().find_map(|value| find(value, id)),
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

    fn bundle(&self) -> Vec<u8> {
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
        let program = Content::Package {
            package: "strongroom".to_owned(),
            version: NEXT.parse().unwrap(),
            architecture: "amd64".to_owned(),
        };
        let sources = [
            source("strongroom_0.1.1_amd64.deb", self.next_package(), program),
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
                version: NEXT.parse().unwrap(),
            },
            from_oldest: "0.1.0".parse().unwrap(),
            sequence: 1,
            made_at: self.now,
            not_before: self.now - SignedDuration::from_secs(60),
            not_after: self.now + SignedDuration::from_hours(24),
        };
        let mut bytes = Vec::new();
        build::bundle(&mut bytes, &self.chain, &draft, &sources, &self.keys).unwrap();
        bytes
    }

    /// The package that was built, under the next version's number.
    fn next_package(&self) -> PathBuf {
        let unpacked = package::unpacked();
        let control = unpacked.path().join("DEBIAN/control");
        let text = fs::read_to_string(&control).unwrap();
        let version = text.lines().find(|line| line.starts_with("Version: ")).unwrap();
        fs::write(&control, text.replace(version, &format!("Version: {NEXT}"))).unwrap();
        let file = self.path("next.deb");
        pack(unpacked.path(), &file);
        file
    }
}

fn pack(tree: &Path, file: &Path) {
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zgzip", "-z1", "--build"]);
    process::run(build.arg(tree).arg(file)).unwrap();
}
