//! What a machine puts onto its line, packet by packet, seen beneath its firewall and whoever sends it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::line::{INSIDE, within};
use crate::process;

const START_SECONDS_MAX: u64 = 20;
const STOP_SECONDS_MAX: u64 = 20;
/// Most packets that are told.
const TOLD_MAX: usize = 40;

/// A capture that runs (tcpdump(8)).
#[derive(Debug)]
pub struct Capture {
    tcpdump: Child,
    file: PathBuf,
}

impl Capture {
    /// Begins to capture what leaves the machine with this leader and fits the filter (pcap-filter(7)).
    pub(super) fn start(leader: i32, file: PathBuf, filter: &str) -> Result<Self> {
        // That of a capture before would be taken for this one's.
        fs::remove_file(&file).ok();
        let tcpdump = within(
            leader,
            &[
                "tcpdump",
                "--no-promiscuous-mode",
                "--immediate-mode",
                "-n",
                "-U",
                "-Z",
                "root",
            ],
        )
        .args(["--interface", INSIDE, "--direction=out", "-w"])
        .arg(&file)
        .arg(filter)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start tcpdump; install Debian's package tcpdump")?;
        let capture = Self { tcpdump, file };
        // The file's header is written when it listens.
        let begun = process::poll(Duration::from_secs(START_SECONDS_MAX), || {
            capture.file.metadata().is_ok_and(|file| file.len() > 0)
        });
        ensure!(begun, "tcpdump does not begin to capture");
        Ok(capture)
    }

    /// Ends it; gives the packets, one line each, the first ones of many.
    ///
    /// # Errors
    /// When it ended before, so that it may have missed some.
    pub fn finish(mut self) -> Result<Vec<String>> {
        ensure!(self.tcpdump.try_wait()?.is_none(), "tcpdump ended by itself");
        kill(Pid::from_raw(self.tcpdump.id().cast_signed()), Signal::SIGINT)?;
        let is_over = process::poll(Duration::from_secs(STOP_SECONDS_MAX), || {
            !matches!(self.tcpdump.try_wait(), Ok(None))
        });
        ensure!(is_over, "tcpdump does not end");
        let shown = process::run(Command::new("tcpdump").args(["-n", "-r"]).arg(&self.file))?;
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        Ok(text.lines().take(TOLD_MAX).map(str::to_owned).collect())
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.tcpdump.kill().ok();
        self.tcpdump.wait().ok();
    }
}
