//! OpenSSH's server for SFTP alone, as a second location of backups is reached: for root, with one key.

use crate::{port, process::poll};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    net::{IpAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const START_SECONDS_MAX: u64 = 20;

/// A server that runs until it is dropped; what was sent to it goes with it.
#[derive(Debug)]
pub struct SftpServer {
    folder: TempDir,
    address: String,
    port: u16,
    child: Child,
}

impl SftpServer {
    /// Starts one at an address of this host, at a free port, and waits until it listens. Nobody may sign in yet.
    ///
    /// # Errors
    /// When OpenSSH's server is not installed or does not start.
    pub fn start_at(address: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let key = folder.path().join("host-key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
            .arg(&key)
            .status()
            .context("cannot run ssh-keygen")?;
        ensure!(made.success(), "ssh-keygen failed");
        fs::create_dir_all("/run/sshd")?;
        let port = port::free(address.parse::<IpAddr>()?)?;
        let child = spawn(folder.path(), address, port)?;
        let server = Self {
            folder,
            address: address.to_owned(),
            port,
            child,
        };
        server.wait_until_listening()?;
        Ok(server)
    }

    /// Starts it anew at its address, as after a line that was taken away, with all that it holds.
    ///
    /// # Errors
    /// As [`SftpServer::start_at`].
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        self.child = spawn(self.folder.path(), &self.address, self.port)?;
        self.wait_until_listening()
    }

    /// Where copies go, as settings name it.
    pub fn location(&self) -> String {
        format!(
            "sftp://root@{}:{}{}",
            self.address,
            self.port,
            self.copy().display()
        )
    }

    /// The folder that copies lie in, as this host sees it.
    pub fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    /// The public half of its own key, as `ssh-keyscan` prints it but for the name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn host_key(&self) -> Result<String> {
        let key = fs::read_to_string(self.folder.path().join("host-key.pub"))?;
        Ok(key.trim().to_owned())
    }

    /// Lets whoever holds a key's secret half sign in, and nobody else.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn admit(&self, public_key: &str) -> Result<()> {
        Ok(fs::write(self.folder.path().join("authorized"), public_key)?)
    }

    fn wait_until_listening(&self) -> Result<()> {
        let is_there = poll(Duration::from_secs(START_SECONDS_MAX), || {
            TcpStream::connect((self.address.as_str(), self.port)).is_ok()
        });
        ensure!(is_there, "sshd does not listen at {}:{}", self.address, self.port);
        Ok(())
    }

    /// Ends it, as a line that was taken away; [`SftpServer::restart`] brings it back.
    pub fn stop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for SftpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(folder: &Path, address: &str, port: u16) -> Result<Child> {
    let settings = format!(
        "ListenAddress {address}\nPort {port}\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n\
         PasswordAuthentication no\nPermitRootLogin prohibit-password\nAuthorizedKeysFile {keys}\n\
         Subsystem sftp internal-sftp\nForceCommand internal-sftp\n",
        key = folder.join("host-key").display(),
        keys = folder.join("authorized").display()
    );
    let path = folder.join("sshd");
    fs::write(&path, settings)?;
    Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f"])
        .arg(path)
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sshd")
}
