//! A collector of logs (Debian's rsyslog) on the loopback that takes syslog over TLS and writes down what it was sent, as JSON.
//!
//! Invariant: the server ends with the [`Collector`]. Start at [`Collector::start`].

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::certificate::Authority;
use crate::secret::write_private;
use crate::{port, process};

const PROGRAM: &str = "/usr/sbin/rsyslogd";
const START_PATIENCE: Duration = Duration::from_secs(20);

/// By which library the collector speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// GnuTLS: it closes without a close_notify.
    GnuTls,
    /// OpenSSL.
    OpenSsl,
}

/// Whom the collector listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admits {
    /// Whoever connects.
    Anybody,
    /// Whoever shows a certificate of the authority.
    Certified,
}

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    folder: TempDir,
    server: Option<Child>,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Collector {
    /// Starts a collector on a free port with a certificate of this authority for these names.
    ///
    /// # Errors
    /// rsyslog or its driver is not installed (`cargo xtask test` does it), or does not start.
    pub fn start(authority: &Authority, names: &[&str], driver: Driver, admits: Admits) -> Result<Self> {
        ensure!(
            Path::new(PROGRAM).exists(),
            "rsyslog is not installed; cargo xtask test installs it"
        );
        let folder = tempfile::Builder::new()
            .prefix("strongroom-collector-")
            .tempdir()?;
        let own = |name: &str| folder.path().join(name);
        let identity = authority.issue(names)?;
        fs::write(own("authority.pem"), authority.certificate_pem()?)?;
        fs::write(own("certificate.pem"), identity.certificate_pem()?)?;
        write_private(&own("certificate.key"), &identity.key_pem()?)?;
        let mut last = None;
        // A port that was free may be taken a moment later.
        for _ in 0..5 {
            let port = port::free(Ipv4Addr::LOCALHOST)?;
            fs::write(
                own("rsyslog.conf"),
                configuration(folder.path(), port, driver, admits),
            )?;
            match serve(folder.path(), port) {
                Ok(server) => {
                    let server = Some(server);
                    return Ok(Self { folder, server, port });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("rsyslog was not started")?)
    }

    /// What it was sent, in that order, one object for each message: `pri`, `at`, `host`, `program`, `kind`, `text`, `data`
    /// (the structured data as it came) and `sd` (as its own parser reads it).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn received(&self) -> Result<Vec<serde_json::Value>> {
        let path = self.folder.path().join("received");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(path)?;
        // The last line may still be written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines();
        lines
            .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
            .collect()
    }

    /// What it says of itself.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Ends it at once, as an outage would.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut server) = self.server.take() {
            server.kill()?;
            server.wait()?;
        }
        Ok(())
    }

    /// Starts it anew on its port, with what it was sent before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop()?;
        self.server = Some(serve(self.folder.path(), self.port)?);
        Ok(())
    }

    /// Stops reading: connections are taken by the system, and nobody answers.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn hang(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Reads again.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let server = self.server.as_ref().context("the collector does not run")?;
        process::send(i32::try_from(server.id())?, signal)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop().ok();
    }
}

fn serve(folder: &Path, port: u16) -> Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    let pid: PathBuf = folder.join("pid");
    // What a killed one left behind.
    fs::remove_file(&pid).ok();
    let mut server = Command::new(PROGRAM)
        .args(["-n", "-f"])
        .arg(folder.join("rsyslog.conf"))
        .arg("-i")
        .arg(pid)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    // Looked at and not connected to: rsyslog with OpenSSL answers the connection after one that was closed without a word in no TLS.
    let is_up = process::poll(START_PATIENCE, || port::is_listened_at(port));
    if !is_up || server.try_wait()?.is_some() {
        server.kill().ok();
        server.wait()?;
        anyhow::bail!(
            "rsyslog does not start: {}",
            fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
    }
    Ok(server)
}

/// The `sd` is what mmpstrucdata parses.
fn configuration(folder: &Path, port: u16, driver: Driver, admits: Admits) -> String {
    let folder = folder.display();
    let driver = match driver {
        Driver::GnuTls => "gtls",
        Driver::OpenSsl => "ossl",
    };
    let admits = match admits {
        Admits::Anybody => "anon",
        Admits::Certified => "x509/certvalid",
    };
    format!(
        r#"global(workDirectory="{folder}" maxMessageSize="16k" DefaultNetstreamDriver="{driver}"
  DefaultNetstreamDriverCAFile="{folder}/authority.pem" DefaultNetstreamDriverCertFile="{folder}/certificate.pem"
  DefaultNetstreamDriverKeyFile="{folder}/certificate.key")
module(load="imtcp" StreamDriver.Name="{driver}" StreamDriver.Mode="1" StreamDriver.AuthMode="{admits}")
module(load="mmpstrucdata")
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="received")
template(name="json" type="list") {{
  constant(value="{{") property(outname="pri" name="pri" format="jsonf")
  constant(value=",") property(outname="at" name="timereported" dateFormat="rfc3339" format="jsonf")
  constant(value=",") property(outname="host" name="hostname" format="jsonf")
  constant(value=",") property(outname="program" name="app-name" format="jsonf")
  constant(value=",") property(outname="kind" name="msgid" format="jsonf")
  constant(value=",") property(outname="data" name="structured-data" format="jsonf")
  constant(value=",") property(outname="text" name="msg" format="jsonf")
  constant(value=",\"sd\":") property(name="$!rfc5424-sd") constant(value="}}\n")
}}
ruleset(name="received") {{
  action(type="mmpstrucdata" sd_name.lowercase="off")
  action(type="omfile" file="{folder}/received" template="json")
}}
"#
    )
}
