//! The console, by curl: from outside over the machine's line or from the machine's own loopback, and no forgiveness for
//! certificates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use testkit::Machine;
use testkit::process::poll;

const READY_SECONDS_MAX: u64 = 40;

/// A browser without windows: cookies, and the authority that it trusts.
pub(super) struct Console {
    address: String,
    /// The network that it is in; the host's without one.
    network: Option<PathBuf>,
    authority: PathBuf,
    folder: TempDir,
}

impl Console {
    pub(super) fn of(machine: &Machine, authority: &Path) -> Self {
        Self {
            address: machine.address(),
            network: None,
            authority: authority.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// One at the machine itself, which needs no line.
    pub(super) fn at(machine: &Machine, authority: &Path) -> Self {
        Self {
            address: "127.0.0.1".to_owned(),
            network: Some(machine.network()),
            ..Self::of(machine, authority)
        }
    }

    /// Whether anything takes connections for HTTPS.
    pub(super) fn answers(&self) -> bool {
        self.health().is_ok()
    }

    /// Waits until the appliance says that it is well.
    pub(super) fn wait_until_ready(&self) {
        let mut said = String::new();
        let is_ready = poll(Duration::from_secs(READY_SECONDS_MAX), || {
            let asked = self.health();
            said = asked.as_ref().err().cloned().unwrap_or_default();
            asked.is_ok()
        });
        assert!(is_ready, "nothing answers at https://{}: {said}", self.address);
    }

    /// Signs in with a password, through the form of the page, and gives the page after it.
    pub(super) fn sign_in(&self, email: &str, password: &str) -> String {
        self.try_to_sign_in(email, password)
            .unwrap_or_else(|said| panic!("{email} is refused: {said}"))
    }

    /// The same; what curl says where the answer is no page.
    pub(super) fn try_to_sign_in(&self, login: &str, password: &str) -> Result<String, String> {
        let page = self.get("/sign-in").expect("the sign-in page does not come");
        let token = page
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .expect("the form has no token");
        let token = token.split('"').next().unwrap();
        let mut curl = self.curl("/sign-in");
        curl.args(["--location", "--header", "Origin: https://localhost"]);
        for (name, value) in [
            ("csrf", token),
            ("login", login),
            ("password", password),
            ("next", ""),
        ] {
            curl.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        answer(&mut curl)
    }

    /// A page; none where the server does not answer with one.
    pub(super) fn get(&self, path: &str) -> Option<String> {
        answer(&mut self.curl(path)).ok()
    }

    /// As a stranger: the API takes a session's cookie from pages of ours only.
    fn health(&self) -> Result<String, String> {
        answer(&mut self.stranger("/api/v1/health"))
    }

    fn curl(&self, path: &str) -> Command {
        let mut curl = self.stranger(path);
        let jar = self.folder.path().join("cookies");
        curl.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar);
        curl
    }

    fn stranger(&self, path: &str) -> Command {
        let mut curl = match &self.network {
            None => Command::new("curl"),
            Some(network) => {
                let mut within = Command::new("nsenter");
                within
                    .arg(format!("--net={}", network.display()))
                    .args(["--", "curl"]);
                within
            }
        };
        // The certificate is for localhost; the connection goes to the machine.
        curl.args([
            "--silent",
            "--show-error",
            "--fail",
            "--max-time",
            "20",
            "--noproxy",
            "*",
        ])
        .arg("--cacert")
        .arg(&self.authority)
        .args(["--connect-to", &format!("localhost:443:{}:443", self.address)])
        .arg(format!("https://localhost{path}"));
        curl
    }
}

/// A page, or what curl said instead.
fn answer(curl: &mut Command) -> Result<String, String> {
    let output = curl.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}
