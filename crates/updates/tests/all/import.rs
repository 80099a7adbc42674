//! Bundles with real Debian packages, taken onto a shelf: whole or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use host::write::Access;
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use tempfile::TempDir;
use updates::manifest::Content;
use updates::patience::Patience;
use updates::record::{FILE, Places, Record};
use updates::refusal::Refusal;
use updates::shelf::{self, ImportError};
use updates::terms::Terms;

use super::site::{Maker, days, package, terms};

/// A machine with both places.
pub(crate) struct Shelf {
    pub(crate) folder: TempDir,
    pub(crate) places: Places,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            state: folder.path().join("updates"),
            settings: folder.path().join("etc"),
        };
        for path in [&places.state, &places.settings] {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { folder, places }
    }

    fn terms(&self) -> Terms {
        let found = self.places.read().unwrap();
        let mut terms = terms();
        if let Some(found) = found {
            terms.trusted = found.record.root;
            terms.held = Some(found.record.held());
            terms.floor = shelf::floor(Some(&found.record), None);
        }
        terms
    }

    pub(crate) fn import(&self, bundle: &[u8]) -> Result<Record, ImportError> {
        let file = self.folder.path().join("bundle");
        fs::write(&file, bundle).unwrap();
        let found = self.places.read()?;
        let before = found.as_ref().map(|found| &found.record);
        let access = Access {
            user: Uid::effective(),
            group: Gid::effective(),
            mode: 0o640,
        };
        let taken = shelf::import(
            &file,
            &self.terms(),
            &self.places,
            before,
            access,
            Patience::default(),
        );
        taken.map(|(_, record)| record)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.places.state)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "lock")
            .collect();
        names.sort();
        names
    }
}

/// A real package with nothing in it.
pub(crate) fn deb(folder: &Path, name: &str, version: &str, more: &str) -> PathBuf {
    let tree = folder.join(format!("tree-{name}"));
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: A <a@example.org>\n{more}Description: for a test\n more of it\n"
    );
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let file = folder.join(format!("{name}_{version}_amd64.deb"));
    let built = Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Znone", "--build"])
        .args([&tree, &file])
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    fs::remove_dir_all(&tree).unwrap();
    file
}

/// A maker whose packages are real.
pub(crate) fn maker(sequence: u64) -> Maker {
    let mut maker = Maker::new();
    maker.sources.clear();
    maker.draft.sequence = sequence;
    for (name, version) in [("strongroom", "0.2.0"), ("openssl", "3.5.1-1")] {
        let file = deb(&maker.path(""), name, version, "");
        let bytes = fs::read(&file).unwrap();
        maker.add(
            &format!("{name}_{version}_amd64.deb"),
            &bytes,
            package(name, version),
        );
    }
    maker
}

#[test]
fn an_import_unpacks_an_index_that_apt_reads_and_records_it_twice() {
    let here = Shelf::new();
    let record = here.import(&maker(7).make()).unwrap();
    assert_eq!((record.sequence, record.root.version), (7, 1));
    assert_eq!(here.names(), ["7", FILE]);
    let found = here.places.read().unwrap().unwrap();
    assert!(found.agree);
    assert_eq!(found.record, record);
    let folder = shelf::folder(&here.places, 7);
    let index = fs::read_to_string(folder.join("Packages")).unwrap();
    assert!(index.contains("Package: strongroom\nVersion: 0.2.0\n"), "{index}");
    assert!(
        index.contains("Filename: files/openssl_3.5.1-1_amd64.deb\n"),
        "{index}"
    );
    assert_eq!(shelf::manifest(&here.places, &record).unwrap().sequence, 7);
    assert_apt_reads(&folder);
    // A list that was changed since is noticed.
    fs::write(folder.join("manifest.json"), b"{}").unwrap();
    let changed = shelf::manifest(&here.places, &record);
    assert!(matches!(changed, Err(ImportError::Changed { .. })), "{changed:?}");
}

/// apt itself finds both packages in the folder, with everything of its own elsewhere.
fn assert_apt_reads(folder: &Path) {
    let own = tempfile::tempdir().unwrap();
    for path in ["lists/partial", "cache/archives/partial", "dpkg"] {
        fs::create_dir_all(own.path().join(path)).unwrap();
    }
    fs::write(own.path().join("dpkg/status"), "").unwrap();
    let list = own.path().join("bundle.list");
    fs::write(&list, format!("deb [trusted=yes] file:{} ./\n", folder.display())).unwrap();
    let path = |name: &str| own.path().join(name).display().to_string();
    let apt = |program: &str, arguments: &[&str]| {
        let options = [
            format!("Dir::Etc::sourcelist={}", list.display()),
            "Dir::Etc::sourceparts=-".to_owned(),
            format!("Dir::State::lists={}", path("lists")),
            format!("Dir::State::status={}", path("dpkg/status")),
            format!("Dir::Cache={}", path("cache")),
            "APT::Sandbox::User=root".to_owned(),
            "APT::Architecture=amd64".to_owned(),
        ];
        let mut command = Command::new(program);
        for option in options {
            command.args(["-o", &option]);
        }
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    apt("apt-get", &["update"]);
    let policy = apt("apt-cache", &["policy", "strongroom", "openssl"]);
    assert!(
        policy.contains("Candidate: 0.2.0") && policy.contains("Candidate: 3.5.1-1"),
        "{policy}"
    );
}

#[test]
fn attack_9_a_package_that_is_another_one_is_refused_and_nothing_is_left() {
    let other = |name: &str, version: &str, more: &str| {
        let mut maker = maker(7);
        let file = deb(&maker.path(""), name, version, more);
        let bytes = fs::read(file).unwrap();
        maker.add("curl_8.0-1_amd64.deb", &bytes, package("curl", "8.0-1"));
        let here = Shelf::new();
        let refused = here.import(&maker.make());
        assert_eq!(here.names(), Vec::<String>::new());
        assert_eq!(here.places.read().unwrap(), None);
        refused
    };
    for (name, version, more) in [
        ("backdoor", "8.0-1", ""),
        ("curl", "7.0-1", ""),
        ("curl", "8.0-1", "Filename: files/other.deb\n"),
    ] {
        let refused = other(name, version, more);
        let is_wrong = matches!(&refused, Err(ImportError::Refused(Refusal::WrongSoftware { .. })));
        assert!(is_wrong, "{refused:?}");
    }
}

#[test]
fn a_refused_bundle_leaves_the_one_before_as_it_was() {
    let here = Shelf::new();
    let record = here.import(&maker(7).make()).unwrap();
    let mut altered = maker(8).make();
    *altered.last_mut().unwrap() ^= 1;
    let short = &maker(8).make()[..2000];
    for (bundle, variant) in [
        (altered.as_slice(), "Altered"),
        (short, "Truncated"),
        (&maker(6).make(), "Rollback"),
    ] {
        let refused = format!("{:?}", here.import(bundle).unwrap_err());
        assert!(refused.contains(variant), "{refused}");
        assert_eq!(here.names(), ["7", FILE]);
        assert_eq!(here.places.read().unwrap().unwrap().record, record);
    }
}

#[test]
fn what_a_killed_import_left_is_cleared_by_the_next_one() {
    let here = Shelf::new();
    for rest in ["incoming/files", "7/files"] {
        fs::create_dir_all(here.places.state.join(rest)).unwrap();
        fs::write(here.places.state.join(rest).join("half"), b"h").unwrap();
    }
    let bundle = maker(7).make();
    here.import(&bundle).unwrap();
    assert_eq!(here.names(), ["7", FILE]);
    assert!(!shelf::folder(&here.places, 7).join("files/half").exists());
    // The same again, and later ones: the last two stay.
    here.import(&bundle).unwrap();
    here.import(&maker(8).make()).unwrap();
    assert_eq!(here.names(), ["7", "8", FILE]);
    here.import(&maker(9).make()).unwrap();
    assert_eq!(here.names(), ["8", "9", FILE]);
}

#[test]
fn one_lost_record_does_not_let_an_old_bundle_in_and_a_spoilt_one_stops_all() {
    let here = Shelf::new();
    let first = here.import(&maker(7).make()).unwrap();
    here.import(&maker(8).make()).unwrap();
    let files = here.places.files();
    for file in &files {
        let kept = fs::read(file).unwrap();
        fs::remove_file(file).unwrap();
        assert!(!here.places.read().unwrap().unwrap().agree);
        let refused = here.import(&maker(7).make());
        assert!(
            matches!(refused, Err(ImportError::Refused(Refusal::Rollback { .. }))),
            "{refused:?}"
        );
        // An older one put back.
        fs::write(file, serde_json::to_vec(&first).unwrap()).unwrap();
        assert_eq!(here.places.read().unwrap().unwrap().record.sequence, 8);
        fs::write(file, b"{}").unwrap();
        let stopped = here.import(&maker(9).make());
        assert!(matches!(stopped, Err(ImportError::Record(_))), "{stopped:?}");
        fs::write(file, kept).unwrap();
    }
    assert!(here.places.read().unwrap().unwrap().agree);
}

#[test]
fn a_folder_that_others_may_write_is_not_used() {
    let here = Shelf::new();
    fs::set_permissions(&here.places.state, fs::Permissions::from_mode(0o775)).unwrap();
    let refused = here.import(&maker(7).make());
    assert!(matches!(refused, Err(ImportError::Open { .. })), "{refused:?}");
    assert_eq!(here.names(), Vec::<String>::new());
    fs::remove_dir(&here.places.state).unwrap();
    std::os::unix::fs::symlink(&here.places.settings, &here.places.state).unwrap();
    let refused = here.import(&maker(7).make());
    assert!(
        matches!(refused, Err(ImportError::Record(_))),
        "a link in the way: {refused:?}"
    );
}

#[test]
fn the_floor_is_the_latest_of_what_has_surely_passed() {
    let here = Shelf::new();
    let record = here.import(&maker(7).make()).unwrap();
    assert_eq!(shelf::floor(None, None), None);
    assert_eq!(shelf::floor(Some(&record), None), Some(days(1)));
    assert_eq!(
        shelf::floor(Some(&record), [days(3), Timestamp::MIN]),
        Some(days(3))
    );
    let mut with_data = maker(8);
    let content = Content::Tracker {
        as_of: days(0),
        records: 40,
    };
    with_data.add("tracker.json", b"{}", content);
    let record = here.import(&with_data.make()).unwrap();
    assert_eq!(
        (record.tracker_records_before, record.tracker_records),
        (None, Some(40))
    );
    let again = here.import(&with_data.make()).unwrap();
    assert_eq!(
        (again.tracker_records_before, again.tracker_records),
        (None, Some(40))
    );
}

#[test]
fn an_import_beside_another_or_by_an_outdated_record_is_refused() {
    let here = Shelf::new();
    let outdated = here.import(&maker(7).make()).unwrap();
    here.import(&maker(8).make()).unwrap();
    let file = here.folder.path().join("bundle");
    fs::write(&file, maker(9).make()).unwrap();
    let access = Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode: 0o640,
    };
    let import = |before: &Record| {
        let terms = here.terms();
        shelf::import(
            &file,
            &terms,
            &here.places,
            Some(before),
            access,
            Patience::default(),
        )
        .map(drop)
    };
    // Another one ended since the record was read.
    assert!(matches!(import(&outdated), Err(ImportError::Busy)));
    let newest = here.places.read().unwrap().unwrap().record;
    let lock = fs::File::open(here.places.state.join("lock")).unwrap();
    let held = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusive).unwrap();
    assert!(matches!(import(&newest), Err(ImportError::Busy)));
    drop(held);
    import(&newest).unwrap();
}
