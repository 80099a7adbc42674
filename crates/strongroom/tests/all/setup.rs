//! Set-up with a real cluster of Debian's: refusals before anything is written, every step interrupted,
//! twice, and the doctor after it. What only root may do is tested as root only; the runner of CI is.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Uid;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Req};
use serde_json::Value as Json;
use tempfile::TempDir;
use testkit::certificate::Authority;

use super::appliance::{Daemon, PASSWORD, free_port, spawn};
use super::program::{Said, run};

const STEPS: [&str; 24] = [
    "folders",
    "secrets",
    "certificate",
    "cluster",
    "settings",
    "database",
    "organization",
    "operator",
    "second-factor",
    "directory",
    "providers",
    "mail",
    "webhook",
    "forwarding",
    "audit-witness",
    "audit-note",
    "backup",
    "recovery-kit",
    "services",
    "updates",
    "health",
    "audit-kit",
    "renewal",
    "firewall",
];

/// A machine's place for one set-up; the cluster goes with it.
pub(crate) struct Place {
    folder: TempDir,
    cluster: String,
    pub(crate) https: u16,
    /// Named, because two set-ups at once would find the same next free one.
    database_port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The cluster's account must get through to its data.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let https = free_port();
        let place = Self {
            cluster: format!("srt_{}_{https}", std::process::id()),
            folder,
            https,
            database_port: free_port(),
        };
        testkit::secret::write_private(&place.path("owner"), PASSWORD).unwrap();
        place.answer("");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.path("etc/strongroom.toml")
    }

    /// Writes the answers; `more` goes into the section `[server]`.
    pub(crate) fn answer(&self, more: &str) {
        let text = format!(
            "[server]\nname = \"localhost\"\nhttps = \"127.0.0.1:{https}\"\n{more}\n\
             [database]\ncluster = {cluster:?}\nport = {port}\ndata_folder = {data:?}\n\
             [organization]\nslug = \"acme\"\nowner_email = \"ada@example.org\"\nowner_password_file = {owner:?}\n\
             [services]\nuser = \"nobody\"\nstart = false\n",
            https = self.https,
            cluster = self.cluster,
            port = self.database_port,
            data = self.path("data"),
            owner = self.path("owner"),
        );
        fs::write(self.path("answers.toml"), text).unwrap();
    }

    /// Adds a section to the answers.
    pub(crate) fn answer_more(&self, section: &str) {
        let text = fs::read_to_string(self.path("answers.toml")).unwrap();
        fs::write(self.path("answers.toml"), text + section).unwrap();
    }

    pub(crate) fn setup(&self, more: &[&str]) -> Said {
        let answers = self.path("answers.toml");
        let arguments = ["--json", "setup", "--answers", answers.to_str().unwrap()];
        run(Some(&self.settings()), &[arguments.as_slice(), more].concat())
    }

    fn doctor(&self, more: &[&str]) -> Json {
        let said = run(
            Some(&self.settings()),
            &[["--json", "doctor"].as_slice(), more].concat(),
        );
        serde_json::from_str(&said.data).unwrap_or_else(|_| panic!("{said:?}"))
    }

    /// The level of a check, the worst of several.
    fn level(&self, check: &str) -> String {
        let seen = self.doctor(&[]);
        let findings = seen["findings"].as_array().unwrap().iter();
        let levels: Vec<&str> = findings
            .filter(|finding| finding["check"] == check)
            .map(|finding| finding["level"].as_str().unwrap())
            .collect();
        let worst = ["fault", "warning", "could-not-look", "ok"]
            .into_iter()
            .find(|level| levels.contains(level));
        worst
            .unwrap_or_else(|| panic!("no check {check}: {seen}"))
            .to_owned()
    }

    pub(crate) fn serve(&self) -> Daemon {
        let daemon = spawn(&self.settings(), self.folder.path(), "serve");
        daemon.wait_for_log("serving https://");
        daemon
    }
}

impl Place {
    /// Destroys the cluster with its data.
    pub(crate) fn destroy(&self) {
        for folder in fs::read_dir("/etc/postgresql").into_iter().flatten().flatten() {
            let settings = folder.path().join(&self.cluster);
            if settings.exists() {
                // Debian's tool leaves the folder where it finds a file that it does not know.
                for name in ["strongroom.conf", "strongroom-backup.conf"] {
                    fs::remove_file(settings.join("conf.d").join(name)).ok();
                }
                let version = folder.file_name();
                let mut drop = Command::new("pg_dropcluster");
                drop.arg("--stop").arg(version).arg(&self.cluster).output().ok();
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.destroy();
    }
}

/// States of the steps by name.
fn states(said: Said) -> Vec<(String, String)> {
    let json: Json = serde_json::from_str(&said.done()).unwrap();
    let text = |step: &Json, key: &str| step[key].as_str().unwrap().to_owned();
    let steps = json["steps"].as_array().unwrap().iter();
    steps
        .map(|step| (text(step, "step"), text(step, "state")))
        .collect()
}

/// Only root sets an appliance up; for anybody else these tests have nothing to see.
fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Everything below a folder with its mode, owner and content.
fn everything(folder: &Path) -> Vec<(PathBuf, u32, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        let content = fs::read(&path).unwrap_or_default();
        found.push((path.clone(), metadata.mode(), metadata.uid(), content));
        if metadata.is_dir() {
            found.extend(everything(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn an_answers_file_with_an_unknown_key_is_refused_with_its_line() {
    let place = Place::new();
    place.answer("nmae = \"x\"");
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.talk.contains("nmae") && said.talk.contains("line 4"),
        "{}",
        said.talk
    );
    assert!(!place.path("etc").exists());
}

#[test]
fn a_taken_port_and_a_dead_name_are_refused_before_anything_is_written() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, place.https)).unwrap();
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("another program listens on"), "{}", said.talk);
    drop(other);
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("localhost", "strongroom.invalid"),
    )
    .unwrap();
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.talk.contains("strongroom.invalid does not resolve"),
        "{}",
        said.talk
    );
    assert!(
        !place.path("etc").exists() && !place.path("data").exists(),
        "something was written"
    );
}

#[test]
fn a_cluster_of_that_name_that_somebody_else_made_is_left_alone() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let mut create = Command::new("pg_createcluster");
    let version = testkit::cluster::Binaries::newest().unwrap().major().to_string();
    create
        .arg("--datadir")
        .arg(place.path("data"))
        .args([&version, &place.cluster]);
    assert!(create.output().unwrap().status.success());
    let said = place.setup(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("that set-up has not made"), "{}", said.talk);
    assert!(!place.path("etc").exists());
}

#[test]
fn given_certificate_files_are_taken_up_and_those_of_another_name_refused() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let authority = Authority::create("company").unwrap();
    let give = |name: &str| {
        let leaf = authority.issue(&[name]).unwrap();
        fs::write(place.path("given.pem"), leaf.certificate_pem().unwrap()).unwrap();
        testkit::secret::write_private(&place.path("given.key"), &leaf.key_pem().unwrap()).unwrap();
    };
    let (chain, key) = (place.path("given.pem"), place.path("given.key"));
    place.answer_more(&format!(
        "[certificate]\nfrom = \"files\"\ncertificate = {chain:?}\nkey = {key:?}\n"
    ));
    give("vault.example.org");
    let refused = place.setup(&["--until", "certificate"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.talk.contains("the certificate is not for localhost"),
        "{}",
        refused.talk
    );
    assert!(!place.path("etc").exists());
    for _ in 0..2 {
        // Another pair of the same name, as after a renewal.
        give("localhost");
        assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "done");
        assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "unchanged");
        assert_eq!(
            fs::read(place.path("etc/tls/certificate.pem")).unwrap(),
            fs::read(&chain).unwrap()
        );
    }
}

#[test]
fn a_requested_certificate_is_waited_for_and_then_taken() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    place.answer_more("[certificate]\nfrom = \"request\"\n");
    for _ in 0..2 {
        let waiting = place.setup(&[]);
        assert_eq!(waiting.code, Some(1), "{waiting:?}");
        assert!(
            waiting.talk.contains("request.pem signed, put the chain at"),
            "{}",
            waiting.talk
        );
    }
    assert!(
        !place.path("etc/strongroom.toml").exists(),
        "it went on without a certificate"
    );
    let request = fs::read(place.path("etc/tls/request.pem")).unwrap();
    fs::write(place.path("etc/tls/certificate.pem"), signed(&request)).unwrap();
    assert_eq!(states(place.setup(&["--until", "certificate"]))[2].1, "unchanged");
}

/// What a company's authority makes of a request for localhost.
fn signed(request: &[u8]) -> Vec<u8> {
    let request = X509Req::from_pem(request).unwrap();
    let authority = Authority::create("company").unwrap().issue(&["signer"]).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_issuer_name(authority.certificate.subject_name())
        .unwrap();
    builder.set_pubkey(&request.public_key().unwrap()).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(90).unwrap())
        .unwrap();
    let name = SubjectAlternativeName::new()
        .dns("localhost")
        .build(&builder.x509v3_context(None, None));
    builder.append_extension(name.unwrap()).unwrap();
    builder.sign(&authority.key, MessageDigest::sha256()).unwrap();
    builder.build().to_pem().unwrap()
}

/// A client's certificate for a directory, and its key, as files.
fn client_files(place: &Place) -> (PathBuf, PathBuf) {
    let client = Authority::create("clients")
        .unwrap()
        .issue_client("strongroom")
        .unwrap();
    let (shown, key) = (place.path("client.pem"), place.path("client.key"));
    fs::write(&shown, client.certificate_pem().unwrap()).unwrap();
    testkit::secret::write_private(&key, &client.key_pem().unwrap()).unwrap();
    (shown, key)
}

/// The directory has the key of its certificate, and shows it to nobody.
fn assert_client_key(settings: &Path) {
    let listed = run(Some(settings), &["--json", "directory", "list"]).done();
    assert!(!listed.contains("PRIVATE KEY"), "{listed}");
    let listed = listed.replace(char::is_whitespace, "");
    assert!(listed.contains("\"has_client_key\":true"), "{listed}");
}

#[test]
fn sources_of_people_and_mail_are_set_once_and_left_as_operators_change_them() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    testkit::secret::write_private(&place.path("secret"), "a service account's password").unwrap();
    let secret = place.path("secret");
    let hook = place.path("hook");
    testkit::secret::write_private(&hook, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let authority = place.path("collectors.pem");
    let pem = Authority::create("collectors")
        .unwrap()
        .certificate_pem()
        .unwrap();
    fs::write(&authority, pem).unwrap();
    let (shown, key) = client_files(&place);
    let folder = place.path("witness").display().to_string();
    let witness = run(None, &["witness", "make", &folder, "witness.example.test"]).done();
    let witness = witness.trim().to_owned();
    place.answer_more(&format!(
        "[directory]\nproduct = \"openldap\"\nservers = [\"dc1.example.test\"]\nbase = \"dc=example,dc=test\"\n\
         service_account = \"cn=app,dc=example,dc=test\"\npassword_file = {secret:?}\n\
         client_certificate = {shown:?}\nclient_key_file = {key:?}\n\
         [provider]\nissuer = \"https://login.example.test\"\nclient_id = \"us\"\nsecret_file = {secret:?}\n\
         [forwarding]\nhost = \"logs.example.test\"\nauthorities = {authority:?}\n\
         [mail]\nhost = \"post.example.test\"\naccount = \"us\"\npassword_file = {secret:?}\nfrom = \"us@example.test\"\n\
         [webhook]\nurl = \"https://alerts.example.test/strongroom\"\nsecret_file = {hook:?}\n\
         [audit]\nwitness_key = {witness:?}\nwitness_url = \"https://witness.example.test:8443\"\nnote_to = [\"auditor@example.test\"]\n"
    ));
    let seven = |states: Vec<(String, String)>| {
        let named = |step: &str| states.iter().find(|(name, _)| name == step).unwrap().1.clone();
        [
            "directory",
            "providers",
            "mail",
            "webhook",
            "forwarding",
            "audit-witness",
            "audit-note",
        ]
        .map(named)
    };
    let said = place.setup(&["--until", "audit-note"]);
    // Nothing lets its address out yet.
    assert!(
        said.talk
            .contains("witness.example.test, carried by hand for now"),
        "{}",
        said.talk
    );
    assert_eq!(seven(states(said)), ["done"; 7]);
    let settings = place.settings();
    assert_client_key(&settings);
    let close = ["directory", "alter", "company", "--state", "disabled"];
    run(Some(&settings), &close).done();
    assert_eq!(
        seven(states(place.setup(&["--until", "audit-note"]))),
        ["unchanged"; 7]
    );
    let note = run(Some(&settings), &["--json", "audit", "note", "--addresses"]).done();
    assert!(note.contains("auditor@example.test"), "{note}");
    let listed = run(Some(&settings), &["--json", "directory", "list"]).done();
    assert!(listed.contains("disabled"), "{listed}");
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("\"openldap\"", "\"novell\""),
    )
    .unwrap();
    let refused = place.setup(&["--dry-run"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.talk.contains("directory.product"), "{}", refused.talk);
}

#[test]
fn the_owner_operates_and_the_recovery_kit_is_made_where_the_answers_say() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    testkit::secret::write_private(&place.path("passphrase"), "correct horse battery staple").unwrap();
    let kit = place.path("kit");
    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    let text = text.replace("[services]", "owner_operates = true\n[services]");
    fs::write(place.path("answers.toml"), text).unwrap();
    place.answer_more(&format!(
        "[backup]\nenable = true\nfolder = {:?}\nrecord = {:?}\nkit = {kit:?}\nkit_passphrase_file = {:?}\n",
        place.path("backup"),
        place.path("record"),
        place.path("passphrase")
    ));
    let four = |said: Said| {
        let states = states(said);
        let named = |step: &str| states.iter().find(|(name, _)| name == step).unwrap().1.clone();
        ["operator", "second-factor", "backup", "recovery-kit"].map(named)
    };
    let first = four(place.setup(&["--until", "recovery-kit"]));
    assert_eq!(first, ["done", "left out", "done", "done"]);
    assert_eq!(fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    let again = four(place.setup(&["--until", "recovery-kit"]));
    assert_eq!(again, ["unchanged", "left out", "unchanged", "unchanged"]);
    let operators = run(Some(&place.settings()), &["--json", "operator", "list"]).done();
    assert!(operators.contains("ada@example.org"), "{operators}");

    let text = fs::read_to_string(place.path("answers.toml")).unwrap();
    fs::write(
        place.path("answers.toml"),
        text.replace("enable = true", "enable = false"),
    )
    .unwrap();
    let refused = place.setup(&["--dry-run"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.talk.contains("backup.kit"), "{}", refused.talk);
}

#[test]
fn a_second_factor_that_is_asked_for_needs_a_terminal_and_the_set_up_goes_on_later() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let answers = place.path("answers.toml");
    let text = fs::read_to_string(&answers).unwrap();
    fs::write(
        &answers,
        text.replace("[services]", "owner_factor = true\n[services]"),
    )
    .unwrap();
    let refused = Command::new("setsid")
        .arg("--wait")
        .arg(env!("CARGO_BIN_EXE_strongroom"))
        .arg("--config")
        .arg(place.settings())
        .args(["setup", "--until", "second-factor", "--answers"])
        .arg(&answers)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let text = fs::read_to_string(&answers).unwrap();
    fs::write(
        &answers,
        text.replace("owner_factor = true", "owner_factor = false"),
    )
    .unwrap();
    let went_on = states(place.setup(&["--until", "second-factor"]));
    assert_eq!(went_on.last().unwrap().1, "left out", "{went_on:?}");
}

#[test]
fn a_dry_run_says_every_step_and_writes_nothing() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let states = states(place.setup(&["--dry-run"]));
    let names: Vec<&str> = states.iter().map(|(step, _)| step.as_str()).collect();
    assert_eq!(names, STEPS);
    assert!(
        states[..7].iter().all(|(_, state)| state == "to do"),
        "{states:?}"
    );
    assert!(
        !place.path("etc").exists() && !place.path("data").exists(),
        "something was written"
    );
}

#[test]
fn a_set_up_that_was_interrupted_at_each_step_ends_well_and_a_second_one_changes_nothing() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    for (done, step) in STEPS.iter().enumerate().take(7) {
        let states = states(place.setup(&["--until", step]));
        assert_eq!(states.len(), done + 1);
        let (last, before) = states.split_last().unwrap();
        assert_eq!(last.1, "done", "{states:?}");
        assert!(before.iter().all(|(_, state)| state == "unchanged"), "{states:?}");
    }
    let before = everything(&place.path("etc"));
    let secrets = before
        .iter()
        .filter(|(path, ..)| path.starts_with(place.path("etc/credentials/")));
    assert!(
        secrets.clone().count() >= 4 && secrets.clone().all(|(_, mode, ..)| mode & 0o077 == 0),
        "{before:?}"
    );
    let daemon = place.serve();
    let again = place.setup(&[]);
    assert!(again.talk.contains("Nothing was changed"), "{}", again.talk);
    let states = states(again);
    let expected = [
        ("health", "unchanged"),
        ("audit-kit", "left out"),
        ("renewal", "unchanged"),
        ("firewall", "left out"),
    ];
    let expected = expected.map(|(step, state)| (step.to_owned(), state.to_owned()));
    assert!(states.ends_with(&expected), "{states:?}");
    assert_eq!(everything(&place.path("etc")), before);
    examined(&place, daemon);
}

#[test]
fn long_a_set_up_that_is_killed_at_any_moment_after_its_cluster_ends_well() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    // Debian's tool alone is not undone by running it again; set-up says so, and what to do (see the test
    // above).
    place.setup(&["--until", "cluster"]).done();
    for milliseconds in (0..1500).step_by(75) {
        let mut child = setup_of(&place).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().ok();
        child.wait().unwrap();
    }
    place.setup(&[]).done();
    let _daemon = place.serve();
    let states = states(place.setup(&[]));
    assert!(
        states
            .iter()
            .all(|(_, state)| state == "unchanged" || state == "left out"),
        "{states:?}"
    );
}

fn setup_of(place: &Place) -> Command {
    let mut command = super::program::strongroom();
    command
        .arg("--config")
        .arg(place.settings())
        .args(["setup", "--answers"])
        .arg(place.path("answers.toml"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What the doctor says of the appliance, well and then ill in one way after another.
fn examined(place: &Place, daemon: Daemon) {
    for check in [
        "files",
        "settings",
        "database",
        "migrations",
        "root-key",
        "certificate",
        "listener",
    ] {
        assert_eq!(place.level(check), "ok", "{check}: {:#}", place.doctor(&[]));
    }
    let certificate = place.path("etc/tls/certificate.pem");
    let good = fs::read(&certificate).unwrap();
    let other = Authority::create("other")
        .unwrap()
        .issue(&["other.example"])
        .unwrap();
    fs::write(&certificate, other.certificate_pem().unwrap()).unwrap();
    assert_eq!(place.level("certificate"), "fault");
    assert_eq!(
        place.level("listener"),
        "warning",
        "the daemon shows the one of before"
    );
    fs::write(&certificate, good).unwrap();

    let secret = place.path("etc/credentials/database-password");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        (place.level("files"), place.level("settings")),
        ("fault".to_owned(), "fault".to_owned())
    );
    place.doctor(&["--repair"]);
    assert_eq!(place.level("files"), "ok");
    assert_eq!(fs::metadata(&secret).unwrap().mode() & 0o777, 0o600);

    drop(daemon);
    assert_eq!(place.level("listener"), "fault");
    let root_key = place.path("etc/credentials/root-key");
    let key = fs::read(&root_key).unwrap();
    testkit::secret::write_private(&root_key, &"5a".repeat(32)).unwrap();
    assert_eq!(
        (place.level("root-key"), place.level("database")),
        ("fault".to_owned(), "could-not-look".to_owned())
    );
    fs::write(&root_key, key).unwrap();

    let settings = fs::read_to_string(place.settings()).unwrap();
    fs::write(place.settings(), settings.replace("[tls]", "[tsl]")).unwrap();
    assert_eq!(place.level("settings"), "fault");
    let moved = settings.lines().map(|line| match line.starts_with("port = ") {
        true => "port = 1",
        false => line,
    });
    fs::write(place.settings(), moved.collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!(place.level("database"), "fault");
    let refused = place.setup(&[]);
    assert!(
        refused.talk.contains("says something else than the answers"),
        "{}",
        refused.talk
    );
    fs::write(place.settings(), settings).unwrap();
    assert_eq!(place.level("database"), "ok");
}

/// An appliance with a certificate and settings; nothing of it runs, and no cluster is made.
fn certified() -> Place {
    let place = Place::new();
    place.setup(&["--until", "certificate"]).done();
    let text = format!(
        "[listen]\nhttps = \"127.0.0.1:{https}\"\nbase_url = \"https://localhost:{https}\" # every link\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = \"credential:tls-key\"\n\n\
         [database]\nhost = \"/run/nowhere\"\nname = \"strongroom\"\nuser = \"strongroom_app\"\n\n\
         [keys]\nroot_file = \"credential:root-key\"\n",
        https = place.https,
        certificate = place.path("etc/tls/certificate.pem"),
    );
    fs::write(place.settings(), text).unwrap();
    place
}

#[test]
fn a_rename_changes_certificate_and_base_url_once_and_is_taken_up_where_it_stopped() {
    if !is_root() {
        return;
    }
    let place = certified();
    let rename = |host: &str, more: &[&str]| {
        run(
            Some(&place.settings()),
            &[["--json", "rename", "--host", host].as_slice(), more].concat(),
        )
    };
    let settings = || fs::read_to_string(place.settings()).unwrap();
    let names = || {
        let leaf = X509::from_pem(&fs::read(place.path("etc/tls/certificate.pem")).unwrap()).unwrap();
        let names = leaf.subject_alt_names().unwrap();
        names
            .iter()
            .filter_map(|name| name.dnsname().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let authority = fs::read(place.path("etc/tls/authority.pem")).unwrap();
    let before = everything(&place.path("etc"));
    for bad in ["-x", "a b", "", "https://b.example"] {
        assert_eq!(rename(bad, &[]).code, Some(2), "{bad}");
    }
    let dry = states(rename("vault.localhost", &["--dry-run"]));
    assert_eq!(
        dry[..2],
        [
            ("certificate".to_owned(), "to do".to_owned()),
            ("base-url".to_owned(), "to do".to_owned())
        ]
    );
    assert_eq!(everything(&place.path("etc")), before, "a dry run writes nothing");
    let old = settings();
    let done = states(rename("vault.localhost", &[]));
    assert_eq!(
        done[..2],
        [
            ("certificate".to_owned(), "done".to_owned()),
            ("base-url".to_owned(), "done".to_owned())
        ]
    );
    assert_eq!(names(), ["vault.localhost"]);
    assert_eq!(
        settings(),
        old.replace("https://localhost:", "https://vault.localhost:")
    );
    assert_eq!(
        fs::read(place.path("etc/tls/authority.pem")).unwrap(),
        authority,
        "browsers trust it already"
    );
    let again = states(rename("vault.localhost", &[]));
    assert!(
        again
            .iter()
            .all(|(_, state)| state == "unchanged" || state == "left out"),
        "{again:?}"
    );
    // Stopped between its steps: the certificate is the new one, the settings are the old ones.
    fs::write(place.settings(), &old).unwrap();
    let resumed = states(rename("vault.localhost", &[]));
    assert_eq!(
        resumed[..2],
        [
            ("certificate".to_owned(), "unchanged".to_owned()),
            ("base-url".to_owned(), "done".to_owned())
        ]
    );
}

#[test]
fn a_rename_without_an_authority_of_our_own_waits_for_a_signature_and_changes_nothing_else() {
    if !is_root() {
        return;
    }
    let place = certified();
    fs::remove_file(place.path("etc/credentials/authority-key")).unwrap();
    let old = fs::read_to_string(place.settings()).unwrap();
    let said = run(Some(&place.settings()), &["rename", "--host", "vault.localhost"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.talk.contains("request.pem signed"), "{}", said.talk);
    assert_eq!(fs::read_to_string(place.settings()).unwrap(), old);
}
