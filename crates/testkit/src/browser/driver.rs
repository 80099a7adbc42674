//! The ChromeDriver process, and the end of everything it started.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::process;

const START_SECONDS_MAX: u64 = 30;

/// A running ChromeDriver; killed when dropped, with every process that works on the profile.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    port: u16,
    profile: PathBuf,
}

impl Driver {
    /// Starts ChromeDriver on a port that it chooses itself: a port chosen by us could be taken by another test between
    /// the choice and the start.
    pub(super) fn start(profile: &Path) -> Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start chromedriver: apt-get install chromium chromium-driver")?;
        let output = child.stdout.take().context("chromedriver has no output")?;
        let mut driver = Self {
            child,
            port: 0,
            profile: profile.to_owned(),
        };
        let (sender, receiver) = mpsc::channel();
        // The thread reads on after the port is known, so that ChromeDriver never blocks on a full pipe.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(port) = parse_port(&line) {
                    sender.send(port).ok();
                }
            }
        });
        driver.port = receiver
            .recv_timeout(Duration::from_secs(START_SECONDS_MAX))
            .context("chromedriver did not say that it started")?;
        Ok(driver)
    }

    /// The address for WebDriver clients.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        let profile = self.profile.display().to_string();
        process::poll(Duration::from_secs(5), || {
            let left = process::holding_argument(&profile);
            for pid in &left {
                process::send(*pid, Signal::SIGKILL).ok();
            }
            left.is_empty()
        });
    }
}

/// From `ChromeDriver was started successfully on port 40123.`
fn parse_port(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?
        .1
        .trim_end_matches('.')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_line_that_names_it() {
        assert_eq!(
            parse_port("ChromeDriver was started successfully on port 40123."),
            Some(40123)
        );
        assert_eq!(parse_port("Starting ChromeDriver 156.0 on port 0"), None);
    }
}
