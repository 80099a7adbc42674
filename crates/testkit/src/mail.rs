//! A mail server (Debian's aiosmtpd) on the loopback that keeps the letters it is given.
//!
//! Invariant: the server ends with the [`MailServer`]. Start at [`MailServer::start`].

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::certificate::Authority;
use crate::process;
use crate::secret::write_private;

const PROGRAM: &str = include_str!("mail/server.py");
const START_SECONDS_MAX: u64 = 30;

/// The one account.
pub const ACCOUNT: &str = "strongroom";
/// Its secret.
pub const SECRET: &str = "secret-of-the-test-mail";

/// How the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// TLS from the first byte.
    Tls,
    /// By STARTTLS only.
    StartTls,
    /// In the clear, as behind somebody who strips STARTTLS.
    Plain,
}

/// A running server.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    /// Its port on 127.0.0.1; its certificate is for `localhost` too.
    pub port: u16,
    folder: tempfile::TempDir,
}

impl MailServer {
    /// Starts a server on a free port with a certificate of this authority.
    ///
    /// # Errors
    /// aiosmtpd is not there, or does not start.
    pub fn start(authority: &Authority, speech: Speech) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("strongroom-mail-").tempdir()?;
        let own = |name: &str| folder.path().join(name);
        let identity = authority.issue_localhost()?;
        fs::write(own("certificate.pem"), identity.certificate_pem()?)?;
        write_private(&own("certificate.key"), &identity.key_pem()?)?;
        fs::write(own("server.py"), PROGRAM)?;
        let speech = match speech {
            Speech::Tls => "tls",
            Speech::StartTls => "starttls",
            Speech::Plain => "plain",
        };
        // Debian's own Python, whatever else is called so here.
        let mut child = Command::new("/usr/bin/python3")
            .arg(own("server.py"))
            .arg(folder.path())
            .arg(own("certificate.pem"))
            .arg(own("certificate.key"))
            .arg(speech)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start python3: apt-get install python3-aiosmtpd")?;
        let output = child.stdout.take().context("python3 has no output")?;
        let mut server = Self {
            child,
            port: 0,
            folder,
        };
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        let line = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX));
        let line = line.context("the mail server did not start: apt-get install python3-aiosmtpd")?;
        server.port = line.trim().parse()?;
        Ok(server)
    }

    /// The letters that it was given, the oldest first, with a line for the recipients.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn letters(&self) -> Result<Vec<String>> {
        let mut letters = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "eml") {
                let number = path
                    .file_stem()
                    .and_then(|stem| stem.to_str()?.parse::<u32>().ok());
                letters.push((number, fs::read_to_string(&path)?));
            }
        }
        letters.sort();
        Ok(letters.into_iter().map(|(_, letter)| letter).collect())
    }

    /// Waits for that many letters, and gives them.
    ///
    /// # Errors
    /// When they do not come within the time.
    pub fn wait_for(&self, count: usize, within: Duration) -> Result<Vec<String>> {
        let came = process::poll(within, || self.letters().is_ok_and(|found| found.len() >= count));
        anyhow::ensure!(came, "waited in vain for {count} letters");
        self.letters()
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

impl Drop for MailServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
