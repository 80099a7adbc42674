//! Whoever makes bundles of updates, with keys of a moment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use testkit::process;
use updates::build::{self, Draft, Source};
use updates::key::{KeySet, SigningKey};
use updates::manifest::Content;
use updates::name::TargetName;
use updates::root::{Chain, Root};
use updates::terms::Machine;

use super::site::Site;

/// Where a bundle lies in the machine.
pub(super) const INSIDE: &str = "/root/strongroom.bundle";
/// Stands for Debian's own packages.
pub(super) const OTHER: &str = "strongroom-test-other";

/// The maker.
pub(super) struct Maker {
    pub(super) folder: TempDir,
    pub(super) chain: Chain,
    keys: Vec<SigningKey>,
    now: Timestamp,
}

impl Maker {
    pub(super) fn new() -> Self {
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

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Brings a bundle with a version of the platform to the machine.
    pub(super) fn carry(&self, site: &Site, sequence: u64, version: &str, deb: PathBuf) {
        self.carry_with(site, sequence, version, &[deb, self.other("2.0")]);
    }

    /// The same with these packages, one of which is the platform's.
    pub(super) fn carry_with(&self, site: &Site, sequence: u64, version: &str, packages: &[PathBuf]) {
        let bundle = self.bundle(sequence, version, packages);
        fs::write(site.machine.outside(INSIDE), bundle).unwrap();
    }

    pub(super) fn bundle(&self, sequence: u64, version: &str, packages: &[PathBuf]) -> Vec<u8> {
        let mut sources: Vec<Source> = packages.iter().map(|deb| source_of(deb)).collect();
        sources.extend(self.data());
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

    /// Data about vulnerabilities.
    fn data(&self) -> [Source; 2] {
        let tracker = r#"{"dpkg": {"CVE-2026-0001": {"releases": {"trixie": {"status": "resolved", "fixed_version": "1.0"}}}}}"#;
        fs::write(self.path("tracker"), tracker).unwrap();
        let advisory = r#"{"id": "RUSTSEC-2026-0001", "affected": []}"#;
        fs::write(self.path("advisories"), advisory).unwrap();
        let (as_of, records) = (self.now, 1);
        let source = |name: &str, file: &str, content| Source {
            name: TargetName::parse(name).unwrap(),
            path: self.path(file),
            content,
        };
        [
            source("tracker.json", "tracker", Content::Tracker { as_of, records }),
            source(
                "advisories.jsonl",
                "advisories",
                Content::Advisories { as_of, records },
            ),
        ]
    }

    /// A package without any file.
    pub(super) fn other(&self, version: &str) -> PathBuf {
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

/// A package's file, by what it says of itself.
fn source_of(deb: &Path) -> Source {
    let field = |name: &str| {
        let output = process::run(Command::new("dpkg-deb").arg("--field").arg(deb).arg(name)).unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let package = field("Package");
    Source {
        name: TargetName::parse(&format!("{package}.deb")).unwrap(),
        path: deb.to_owned(),
        content: Content::Package {
            package,
            version: field("Version").parse().unwrap(),
            architecture: field("Architecture"),
        },
    }
}
