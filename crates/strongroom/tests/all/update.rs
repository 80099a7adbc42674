//! Bundles of updates on the command line, with keys of a moment and a real package. Unpacking is root's; the runner of
//! CI is.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use host::release::{Release, support};
use jiff::{SignedDuration, Timestamp};
use nix::sys::stat::Mode;
use nix::unistd::Uid;
use tempfile::TempDir;
use updates::build::{self, Draft, Source};
use updates::key::{KeySet, SigningKey};
use updates::manifest::Content;
use updates::name::TargetName;
use updates::root::{Chain, Root};
use updates::terms::Machine;

use super::program::{Said, run, strongroom};

/// A maker of bundles, and a machine.
struct Site {
    folder: TempDir,
    chain: Chain,
    keys: Vec<SigningKey>,
}

impl Site {
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
        let chain = build::add_root(Chain::new(Vec::new()), &root, &keys, now).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("etc")).unwrap();
        Self { folder, chain, keys }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A bundle for this very machine.
    fn bundle(&self, sequence: u64) -> PathBuf {
        let release = support::of(Release::of_machine().unwrap().debian().unwrap()).unwrap();
        let architecture = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        };
        let now = Timestamp::now() - SignedDuration::from_secs(60);
        let draft = Draft {
            machine: Machine {
                product: "strongroom".to_owned(),
                release: release.name.to_owned(),
                architecture: architecture.to_owned(),
                version: "99.0".parse().unwrap(),
            },
            from_oldest: "0.1.0".parse().unwrap(),
            sequence,
            made_at: now,
            not_before: now,
            not_after: now + SignedDuration::from_hours(24),
        };
        let deb = package(self.folder.path());
        // Long enough that an import can be stopped in the middle.
        fs::write(self.path("notes"), vec![b'n'; 1 << 20]).unwrap();
        let source = |name: &str, path: PathBuf, content| Source {
            name: TargetName::parse(name).unwrap(),
            path,
            content,
        };
        let program = Content::Package {
            package: "strongroom".to_owned(),
            version: "99.0".parse().unwrap(),
            architecture: "all".to_owned(),
        };
        let sources = [
            source("strongroom_99.0_all.deb", deb, program),
            source("notes.md", self.path("notes"), Content::Notes),
        ];
        let mut bytes = Vec::new();
        build::bundle(&mut bytes, &self.chain, &draft, &sources, &self.keys).unwrap();
        let file = self.path(&format!("{sequence}.bundle"));
        fs::write(&file, bytes).unwrap();
        file
    }

    fn arguments(&self, verb: &str, file: Option<&Path>, more: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = ["--json", "update", verb].map(str::to_owned).into();
        arguments.extend(file.map(|file| file.display().to_string()));
        arguments.extend([
            "--state-folder".to_owned(),
            self.path("updates").display().to_string(),
        ]);
        arguments.extend(more.iter().map(|&word| word.to_owned()));
        arguments
    }

    fn update(&self, verb: &str, file: Option<&Path>, more: &[&str]) -> Said {
        let arguments = self.arguments(verb, file, more);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(Some(&self.path("etc/strongroom.toml")), &words)
    }

    fn root(&self) -> String {
        self.chain.first_anchor().unwrap().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("updates")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != "lock");
        names.sort();
        names
    }
}

fn package(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = "Package: strongroom\nVersion: 99.0\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: a\n";
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let file = folder.join("strongroom.deb");
    let mut build = Command::new("dpkg-deb");
    build
        .args(["-Znone", "--build"])
        .args([&tree, &file])
        .stdout(Stdio::null());
    assert!(build.status().unwrap().success());
    file
}

#[test]
fn a_bundle_is_verified_and_refused_when_altered_and_the_first_one_needs_a_root() {
    let site = Site::new();
    let file = site.bundle(1);
    let unnamed = site.update("verify", Some(&file), &[]);
    assert_eq!(unnamed.code, Some(2), "{unnamed:?}");
    assert!(unnamed.talk.contains("--root NUMBER:SHA256"), "{}", unnamed.talk);
    let data = site
        .update("verify", Some(&file), &["--root", &site.root()])
        .done();
    assert!(
        data.contains("\"sequence\": 1") && data.contains("strongroom 99.0"),
        "{data}"
    );
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let altered = site.update("verify", Some(&file), &["--root", &site.root()]);
    assert_eq!(altered.code, Some(1), "{altered:?}");
    assert!(
        altered
            .talk
            .contains("notes.md is not the file that the list names"),
        "{}",
        altered.talk
    );
    assert_eq!(site.names(), Vec::<String>::new());
    let foreign = site.update("verify", Some(&site.bundle(2)), &["--root", &Site::new().root()]);
    assert!(
        foreign.talk.contains("it comes from somebody else"),
        "{foreign:?}"
    );
}

#[test]
fn an_import_unpacks_records_and_refuses_what_is_older_and_a_list_without_data_is_unknown() {
    if !Uid::effective().is_root() {
        return;
    }
    let site = Site::new();
    let (first, second) = (site.bundle(1), site.bundle(2));
    let none = site.update("vulnerabilities", None, &[]);
    assert!(
        none.code == Some(1) && none.talk.contains("no bundle was ever imported"),
        "{none:?}"
    );
    site.update("import", Some(&second), &["--root", &site.root()])
        .done();
    assert_eq!(site.names(), ["2", "update-record.json"]);
    assert!(site.path("updates/2/files/strongroom_99.0_all.deb").exists());
    assert!(site.path("etc/update-record.json").exists());
    let older = site.update("import", Some(&first), &[]);
    assert!(
        older.code == Some(1) && older.talk.contains("it is older"),
        "{older:?}"
    );
    let blind = site.update("vulnerabilities", None, &[]);
    assert_eq!(
        blind.code,
        Some(1),
        "no data must not read as no holes: {blind:?}"
    );
    assert!(blind.data.contains("\"unknown\""), "{}", blind.data);
}

#[test]
fn an_import_that_is_killed_leaves_nothing_that_counts_and_the_next_one_goes_through() {
    if !Uid::effective().is_root() {
        return;
    }
    let site = Site::new();
    let file = site.bundle(1);
    let bytes = fs::read(&file).unwrap();
    let pipe = site.path("pipe");
    nix::unistd::mkfifo(&pipe, Mode::from_bits_truncate(0o600)).unwrap();
    // Both ends, so that neither waits for the other.
    let pipe_ends = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let mut writer = pipe_ends.try_clone().unwrap();
    let root = site.root();
    let mut import = strongroom();
    import.arg("--config").arg(site.path("etc/strongroom.toml"));
    import.args(site.arguments("import", Some(&pipe), &["--root", &root]));
    let mut child = import
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // On a thread: an import that ends early would leave us writing for ever.
    std::thread::spawn(move || writer.write_all(&bytes[..bytes.len() / 2]).ok());
    let half = site.path("updates/incoming/files/notes.md");
    let begun = Instant::now();
    while !half.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the import did not begin"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(pipe_ends);
    assert_eq!(site.names(), ["incoming"]);
    assert!(!site.path("etc/update-record.json").exists());
    site.update("import", Some(&file), &["--root", &root]).done();
    assert_eq!(site.names(), ["1", "update-record.json"]);
}

#[test]
fn a_way_back_goes_with_an_installation_and_what_was_never_imported_is_not_installed() {
    let site = Site::new();
    let file = site.bundle(1);
    let lone = ["--root", &site.root(), "--way-back", "strongroom.deb"];
    let lone = site.update("import", Some(&file), &lone);
    assert!(
        lone.code == Some(2) && lone.talk.contains("--install"),
        "{lone:?}"
    );
    assert_eq!(site.names(), Vec::<String>::new());
    let both = site.update("run", None, &["--bundle", "--resume"]);
    assert_eq!(both.code, Some(2), "{both:?}");
    let none = site.update("run", None, &["--bundle"]);
    assert!(
        none.code == Some(1) && none.talk.contains("no bundle was ever imported"),
        "{none:?}"
    );
}
