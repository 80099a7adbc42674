//! The daemons under measurement: started with their log in a file, asked when they answer, stopped with SIGTERM.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use testkit::process;

use super::http::{Connection, Target};

const READY_DEADLINE: Duration = Duration::from_secs(30);
const STOP_DEADLINE: Duration = Duration::from_secs(30);
const LOG_BYTES_SHOWN: usize = 2_000;

/// A running daemon; stopped when dropped.
pub(super) struct Daemon {
    child: Child,
    log: PathBuf,
    started: Instant,
}

impl Daemon {
    /// Starts `strongroom serve` or `strongroom work`.
    pub(super) fn start(program: &Path, settings: &Path, name: &str, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(settings).arg(name);
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let started = Instant::now();
        let child = command.process_group(0).spawn();
        let child = child.with_context(|| format!("cannot start `{} {name}`", program.display()))?;
        Ok(Self { child, log, started })
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Waits until `/api/v1/health` answers 200; the time since the start.
    pub(super) async fn ready(&mut self, target: &Target) -> Result<Duration> {
        let request = target.request("GET", "/health", "", &[]);
        loop {
            let asked = async { Connection::open(target).await?.ask(&request).await };
            if asked.await.is_ok_and(|answer| answer.status == 200) {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}): {}", self.log_end());
            }
            if self.started.elapsed() > READY_DEADLINE {
                bail!("the server does not answer: {}", self.log_end());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Stands still until [`Self::resume`].
    pub(super) fn pause(&self) -> Result<()> {
        process::send(self.pid(), Signal::SIGSTOP)
    }

    /// Goes on.
    pub(super) fn resume(&self) -> Result<()> {
        process::send(self.pid(), Signal::SIGCONT)
    }

    /// The end of its log.
    pub(super) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(LOG_BYTES_SHOWN);
        text.get(from..).unwrap_or_default().to_owned()
    }

    /// How many lines of its log hold a text.
    pub(super) fn count_in_log(&self, what: &str) -> usize {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter(|line| line.contains(what)).count()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        process::send(self.pid(), Signal::SIGTERM).ok();
        let ended = process::poll(STOP_DEADLINE, || {
            self.child.try_wait().is_ok_and(|status| status.is_some())
        });
        if !ended {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
