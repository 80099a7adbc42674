//! An appliance of a test's own: a database in the shared cluster, settings, keys, an organization, the daemons.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testkit::certificate::Files;
use testkit::cluster::{Cluster, ClusterSettings, Durability, Login, SUPERUSER};
use testkit::process::poll;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::AgentScope;

use super::program::{Said, run, strongroom};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const OWNER: &str = "olga@example.org";

/// An appliance that was prepared; its cluster ends with it.
pub(crate) struct Appliance {
    pub(crate) folder: TempDir,
    cluster: Cluster,
    pub(crate) https: u16,
    pub(crate) http: u16,
    pub(crate) certificates: Files,
}

/// A daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Appliance {
    /// Of a program that trusts the appliance's own authority, and takes every answer as one.
    pub(super) fn agent(&self) -> ConfigBuilder<AgentScope> {
        let authority = fs::read(&self.certificates.authority).unwrap();
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&authority).unwrap()]);
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(roots)
            .build();
        Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
    }

    /// With everything but a running daemon. The roles of an appliance belong to a whole cluster, so it has its own.
    pub(crate) fn prepared() -> Self {
        Self::prepared_on(Durability::Volatile)
    }

    /// The same on a cluster whose commits are worth what the test needs.
    pub(crate) fn prepared_on(durability: Durability) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The cluster's account must get through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let settings = ClusterSettings {
            durability,
            ..ClusterSettings::durable(folder.path().join("cluster")).unwrap()
        };
        let cluster = Cluster::open(settings).unwrap();
        cluster.start().unwrap();
        let certificates = Files::ensure(&folder.path().join("tls")).unwrap();
        let appliance = Self {
            folder,
            cluster,
            https: free_port(),
            http: free_port(),
            certificates,
        };
        appliance.write_settings("");
        appliance.secret("owner", PASSWORD);
        appliance
            .run(&["key", "create", "--file", &appliance.path("root.key")])
            .done();
        appliance.prepare_database().done();
        let password = appliance.path("owner");
        let create = [
            "organization",
            "create",
            "acme",
            "--owner-email",
            OWNER,
            "--password-file",
            &password,
        ];
        appliance.run(&create).done();
        appliance
    }

    /// Makes or migrates the database.
    pub(crate) fn prepare_database(&self) -> Said {
        self.cluster.password(SUPERUSER).unwrap();
        let file = self.cluster.password_path(SUPERUSER).unwrap();
        self.run(&[
            "--json",
            "database",
            "prepare",
            "--admin-password-file",
            file.to_str().unwrap(),
        ])
    }

    /// Writes the settings; `more` goes into the section `[tls]`.
    pub(crate) fn write_settings(&self, more: &str) {
        self.cluster.password("strongroom_app").unwrap();
        let text = format!(
            "[listen]\nhttps = \"127.0.0.1:{https}\"\nhttp = \"127.0.0.1:{http}\"\n\
             base_url = \"https://localhost:{https}\"\n\
             [database]\nhost = {host:?}\nport = {port}\nname = \"strongroom\"\nuser = \"strongroom_app\"\n\
             password_file = {password:?}\n[keys]\nroot_file = {root:?}\n[audit]\nfolder = {audit:?}\n\
             [tls]\ncertificate = {certificate:?}\nkey = {key:?}\n{more}\n",
            https = self.https,
            http = self.http,
            host = self.cluster.socket_folder(),
            port = self.cluster.port(),
            password = self.cluster.password_path("strongroom_app").unwrap(),
            root = self.path("root.key"),
            audit = self.path("audit"),
            certificate = self.certificates.certificate,
            key = self.certificates.key,
        );
        fs::write(self.settings(), text).unwrap();
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.path().join("strongroom.toml")
    }

    /// A path in the appliance's folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file that only we can read.
    pub(crate) fn secret(&self, name: &str, text: &str) {
        testkit::secret::write_private(Path::new(&self.path(name)), text).unwrap();
    }

    /// Runs a command on the host.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        run(Some(&self.settings()), arguments)
    }

    /// Settings for the owner's commands, with a token.
    pub(crate) fn client(&self) -> PathBuf {
        self.client_of("owner", OWNER)
    }

    /// Adds a member with a role and gives settings for their commands.
    pub(crate) fn add_member(&self, role: &str) -> PathBuf {
        let email = format!("{role}@example.org");
        self.secret(role, PASSWORD);
        let (password, owner) = (self.path(role), self.path("owner"));
        let add = [
            "member",
            "add",
            &email,
            "-o",
            "acme",
            "--role",
            role,
            "--password-file",
            &password,
        ];
        let by = ["--by", OWNER, "--by-password-file", &owner];
        self.run(&[add.as_slice(), by.as_slice()].concat()).done();
        self.client_of(role, &email)
    }

    /// Makes another organization of the same owner and gives settings for their commands there.
    pub(crate) fn add_organization(&self, slug: &str) -> PathBuf {
        let password = self.path("owner");
        let create = ["organization", "create", slug, "--owner-email", OWNER];
        let files = ["--password-file", &password];
        self.run(&[create.as_slice(), files.as_slice()].concat()).done();
        self.secret(slug, PASSWORD);
        self.client_in(slug, slug, OWNER)
    }

    fn client_of(&self, name: &str, email: &str) -> PathBuf {
        self.client_in("acme", name, email)
    }

    /// The file `name` holds the person's password.
    fn client_in(&self, organization: &str, name: &str, email: &str) -> PathBuf {
        let (password, token) = (self.path(name), self.path(&format!("{name}.token")));
        let who = [
            "token",
            "create",
            "--organization",
            organization,
            "--email",
            email,
            "--name",
            "test",
        ];
        let files = ["--password-file", &password, "--output", &token];
        self.run(&[who.as_slice(), files.as_slice()].concat()).done();
        let file = self.folder.path().join(format!("{name}.toml"));
        let text = format!(
            "url = \"https://localhost:{}\"\nca_file = {:?}\ntoken_file = {token:?}\norganization = {organization:?}\n",
            self.https, self.certificates.authority
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// Adds a section to the settings.
    pub(crate) fn add_settings(&self, section: &str) {
        let mut text = fs::read_to_string(self.settings()).unwrap();
        text.push_str(section);
        fs::write(self.settings(), text).unwrap();
    }

    /// How the superuser signs in to the appliance's database.
    pub(crate) fn superuser(&self) -> Login {
        self.cluster.superuser("strongroom").unwrap()
    }

    /// Stops the database, as an administrator would.
    pub(crate) fn stop_database(&self) {
        self.cluster.stop().unwrap();
    }

    pub(crate) fn start_database(&self) {
        self.cluster.start().unwrap();
    }

    /// Starts `serve` or `work` without waiting.
    pub(crate) fn spawn(&self, command: &str) -> Daemon {
        spawn(&self.settings(), self.folder.path(), command)
    }

    /// Starts `serve` and waits until it says that it serves.
    pub(crate) fn serve(&self) -> Daemon {
        let daemon = self.spawn("serve");
        daemon.wait_for_log("serving https://");
        daemon
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        self.cluster.stop().ok();
    }
}

impl Daemon {
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    #[track_caller]
    pub(crate) fn wait_for_log(&self, text: &str) {
        let found = poll(Duration::from_secs(40), || self.log().contains(text));
        assert!(found, "the log does not say {text:?}: {}", self.log());
    }

    /// Waits for its end and gives the exit code.
    #[track_caller]
    pub(crate) fn wait(&mut self, seconds: u64) -> Option<i32> {
        let ended = poll(Duration::from_secs(seconds), || {
            self.child.try_wait().unwrap().is_some()
        });
        assert!(ended, "it did not end within {seconds} s: {}", self.log());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Starts `serve` or `work` with these settings; its log lies in the folder.
pub(crate) fn spawn(settings: &Path, folder: &Path, command: &str) -> Daemon {
    let mut program = strongroom();
    program.arg("--config").arg(settings).arg(command);
    start(program, folder.join(format!("{command}.log")))
}

/// Starts a program that goes on; what it says goes into the log.
pub(crate) fn start(mut program: Command, log: PathBuf) -> Daemon {
    let output = File::create(&log).unwrap();
    let child = program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .spawn()
        .unwrap();
    Daemon { child, log }
}

/// Another process could take it before we do; then the test says so by the daemon's log.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
