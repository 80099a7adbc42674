//! S3-compatible storage on the loopback: OpenStack Swift with its S3 interface, whole and in one process, over TLS.
//!
//! Invariant: it and all that it holds end with the [`BucketServer`]. The script beside this file says which buckets and keys
//! there are.

use crate::certificate::Authority;
use crate::process::run;
use crate::secret::write_private;
use anyhow::{Context, Result};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

const PROGRAM: &str = include_str!("bucket/storage.py");
const START_SECONDS_MAX: u64 = 60;

/// The secret of both keys.
pub const BUCKET_SECRET: &str = "secret-of-the-test-storage";
/// A key that may everything.
pub const WRITER: &str = "test:writer";
/// A key that may not delete.
pub const ADDER: &str = "test:adder";

/// A running storage.
#[derive(Debug)]
pub struct BucketServer {
    folder: TempDir,
    authority: Authority,
    port: u16,
    child: Child,
}

impl BucketServer {
    /// Starts one at a free port of the loopback, with a certificate of an authority of its own.
    ///
    /// # Errors
    /// When Swift is not installed or does not come up.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("strongroom-bucket-").tempdir()?;
        let authority = Authority::create("Strongroom test storage")?;
        let identity = authority.issue_localhost()?;
        let own = |name: &str| folder.path().join(name);
        fs::write(own("authority.pem"), authority.certificate_pem()?)?;
        fs::write(own("certificate.pem"), identity.certificate_pem()?)?;
        write_private(&own("certificate.key"), &identity.key_pem()?)?;
        fs::write(own("storage.py"), PROGRAM)?;
        fs::create_dir(own("storage"))?;
        let (child, port) = spawn(folder.path())?;
        Ok(Self {
            folder,
            authority,
            port,
            child,
        })
    }

    /// Where copies go, as settings name it.
    #[must_use]
    pub fn location(&self, bucket: &str) -> String {
        format!("s3://localhost:{}/{bucket}/strongroom", self.port)
    }

    /// The certificate of its authority, in a file.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Who signed its certificate.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Puts something else in the place of a file of a copy, as whoever took the writer's key over.
    ///
    /// # Errors
    /// When the storage refuses.
    pub fn replace(&self, bucket: &str, below: &str) -> Result<()> {
        let endpoint = format!("https://localhost:{}", self.port);
        let mut client = Command::new("rclone");
        // It would take other authorities out of the environment as well.
        client.env_remove("AWS_CA_BUNDLE");
        client.args(["--config", "/dev/null", "--retries", "1", "--ca-cert"]);
        let other = self.folder.path().join("other");
        fs::write(&other, "nothing")?;
        client
            .arg(self.authority_file())
            .args(["--ignore-times", "copyto"]);
        client.arg(other).arg(format!("far:{bucket}/strongroom/{below}"));
        for (name, value) in [
            ("TYPE", "s3"),
            ("PROVIDER", "Other"),
            ("ACCESS_KEY_ID", WRITER),
            ("SECRET_ACCESS_KEY", BUCKET_SECRET),
            ("ENDPOINT", endpoint.as_str()),
            ("NO_CHECK_BUCKET", "true"),
        ] {
            client.env(format!("RCLONE_CONFIG_FAR_{name}"), value);
        }
        run(&mut client).map(drop)
    }

    /// Ends it, as an outage would; what it holds stays until it is dropped.
    pub fn stop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(folder: &Path) -> Result<(Child, u16)> {
    let log = folder.join("log");
    let mut child = Command::new("/usr/bin/python3")
        .arg(folder.join("storage.py"))
        .arg(folder.join("storage"))
        .arg(folder.join("certificate.pem"))
        .arg(folder.join("certificate.key"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log)?)
        .spawn()
        .context("cannot start Python: apt-get install python3-swift")?;
    let output = child.stdout.take().context("Python has no output")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            sender.send(line).ok();
        }
    });
    let line = receiver.recv_timeout(Duration::from_secs(START_SECONDS_MAX));
    let port = line.ok().and_then(|line| line.parse().ok());
    let Some(port) = port else {
        child.kill().ok();
        child.wait().ok();
        let said = fs::read_to_string(&log).unwrap_or_default();
        anyhow::bail!("the storage did not say where it listens: {said}");
    };
    Ok((child, port))
}
