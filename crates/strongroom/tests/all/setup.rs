//! Set-up with a real cluster of Debian's: refusals before anything is written, every step interrupted,
//! twice, and the doctor after it. What only root may do is tested as root only; the runner of CI is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::appliance::{Daemon, PASSWORD, free_port, spawn};
use super::program::{Said, run};

mod certificate;
mod interrupted;
mod owner;
mod refused;
mod rename;
mod sources;

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
