//! A certified OpenID Provider (npm's oidc-provider) on the loopback, and a person who signs in there.
//!
//! Invariants: the packages are those of the lock file beside this file, told by their digests; the provider ends with the
//! [`OpenIdProvider`]. Start at [`OpenIdProvider::start`].

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::certificate::{Authority, pin};
use crate::once;
use crate::process;
use crate::secret::write_private;
use crate::state::state_folder;

const PROGRAM: &str = include_str!("openid/provider.mjs");
const PACKAGE: &str = include_str!("openid/package.json");
const LOCK: &str = include_str!("openid/package-lock.json");
const START_SECONDS_MAX: u64 = 60;

/// The secret of every client of the provider. The clients are called `rsa`, `ec` and `ed`, for how their tokens are signed.
pub const CLIENT_SECRET: &str = "secret-of-the-test-provider";

/// Fetches the provider's packages where they are not there yet; needs `node` and `npm`.
///
/// # Errors
/// With what npm says.
pub fn ensure_packages() -> Result<PathBuf> {
    once::ensure(&state_folder()?.join("openid-provider"), |draft| {
        fs::create_dir_all(draft)?;
        fs::write(draft.join("package.json"), PACKAGE)?;
        fs::write(draft.join("package-lock.json"), LOCK)?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        process::run(npm.current_dir(draft)).map(drop)
    })
}

/// A running provider.
#[derive(Debug)]
pub struct OpenIdProvider {
    child: Child,
    issuer: String,
    pin: String,
    folder: tempfile::TempDir,
}

impl OpenIdProvider {
    /// Starts a provider on a free port with a certificate of this authority; browsers may return to these addresses.
    ///
    /// # Errors
    /// The packages cannot be fetched, or Node is not there.
    pub fn start(authority: &Authority, redirect_uris: &[String]) -> Result<Self> {
        let packages = ensure_packages()?;
        let folder = tempfile::Builder::new().prefix("strongroom-openid-").tempdir()?;
        let own = |name: &str| folder.path().join(name);
        let identity = authority.issue_localhost()?;
        fs::write(own("certificate.pem"), identity.certificate_pem()?)?;
        write_private(&own("certificate.key"), &identity.key_pem()?)?;
        fs::write(own("provider.mjs"), PROGRAM)?;
        let child = Command::new("node")
            .arg(own("provider.mjs"))
            .arg(&packages)
            .arg(own("certificate.pem"))
            .arg(own("certificate.key"))
            .arg(redirect_uris.join(","))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log(&own("log"))?)
            .spawn()
            .context("cannot start node: apt-get install nodejs npm")?;
        let mut provider = Self {
            child,
            issuer: String::new(),
            pin: pin(&identity.certificate)?,
            folder,
        };
        provider.issuer = provider.first_line()?;
        Ok(provider)
    }

    fn first_line(&mut self) -> Result<String> {
        let output = self.child.stdout.take().context("node has no output")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        let line = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX));
        line.with_context(|| {
            let said = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            format!("the provider did not say where it listens: {said}")
        })
    }

    /// Its issuer, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The pin of its certificate, for browsers.
    #[must_use]
    pub fn pin(&self) -> &str {
        &self.pin
    }

    /// The ID tokens and access tokens that it has issued so far.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn issued(&self) -> Result<Vec<String>> {
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        let tokens = log.lines().filter_map(|line| line.strip_prefix("issued "));
        Ok(tokens.map(str::to_owned).collect())
    }

    /// Has it end somebody's sessions, and gives the logout token that it sends to a client for that.
    ///
    /// # Errors
    /// When it cannot be asked, or sends none.
    pub fn leave(&self, client: &str, subject: &str) -> Result<String> {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--fail",
            "--insecure",
            "--max-time",
            "20",
        ]);
        process::run(curl.arg(format!("{}/leave/{client}/{subject}", self.issuer)))?;
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        let sent = log.lines().rev().find_map(|line| line.strip_prefix("leaves "));
        sent.map(str::to_owned)
            .context("the provider sent no logout token")
    }

    /// Ends it, as an outage would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn stop(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn log(path: &Path) -> Result<Stdio> {
    Ok(fs::File::create(path)?.into())
}

/// Signs a person in at a provider as a browser would, by following the address of an authorization request; gives the
/// address at which the browser comes back to us. `who` is one of the names in `provider.mjs`; any other is refused.
///
/// # Errors
/// When curl is not there, or the provider does not send the browser back.
pub fn sign_in(address: &str, who: &str) -> Result<String> {
    let folder = tempfile::Builder::new().prefix("strongroom-person-").tempdir()?;
    let jar = folder.path().join("cookies");
    let ask = |address: &str, form: Option<&str>| -> Result<String> {
        let mut curl = Command::new("curl");
        // The certificate is not what is looked at here; the person's browser is not what is tested.
        curl.args(["--silent", "--show-error", "--insecure", "--max-time", "20"]);
        curl.args(["--output", "/dev/null", "--write-out", "%{redirect_url}"]);
        curl.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar);
        if let Some(form) = form {
            curl.args(["--data-raw", form]);
        }
        let output = process::run(curl.arg(address))?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let page = ask(address, None)?;
    anyhow::ensure!(
        page.contains("/interaction/"),
        "the provider does not ask who it is: {page:?}"
    );
    let mut next = ask(&page, Some(&format!("login={who}")))?;
    let own = |text: &str| text.split('/').nth(2).map(str::to_owned);
    for _ in 0..5 {
        if own(&next) != own(address) {
            return Ok(next);
        }
        next = ask(&next, None)?;
    }
    anyhow::bail!("the provider does not send the browser back: {next:?}")
}
