//! The server's main process: found by its pid file, started, stopped and killed.
//!
//! Invariant: a pid out of the file is trusted only when that process is a `postgres` at work in our data folder; the
//! number may have gone to a stranger since a crash.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use super::{Cluster, Durability};
use crate::process;

/// Long enough for crash recovery of a test's data on a busy machine.
const START_SECONDS_MAX: u64 = 90;
const STOP_SECONDS_MAX: u64 = 60;
const LOG_LINES_SHOWN: usize = 15;

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No process works in the data folder.
    Stopped,
    /// Starting, recovering or stopping.
    Busy {
        /// The main process.
        pid: i32,
    },
    /// Takes connections.
    Ready {
        /// The main process.
        pid: i32,
    },
}

impl Status {
    /// The main process, if there is one.
    pub fn pid(self) -> Option<i32> {
        match self {
            Self::Stopped => None,
            Self::Busy { pid } | Self::Ready { pid } => Some(pid),
        }
    }
}

/// The pid file's lines are described in PostgreSQL's `miscadmin.h`: the first is the pid, the eighth the state.
pub(super) fn status(cluster: &Cluster) -> Status {
    let data = cluster.data_folder();
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return Status::Stopped;
    };
    let mut lines = text.lines();
    match lines.next().and_then(|line| line.trim().parse().ok()) {
        Some(pid) if works_in(pid, &data) => match lines.nth(6).map(str::trim) {
            Some("ready") => Status::Ready { pid },
            _ => Status::Busy { pid },
        },
        _ => Status::Stopped,
    }
}

pub(super) fn start(cluster: &Cluster) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    loop {
        if cluster.status() == Status::Stopped {
            remove_stale_pid_file(cluster)?;
        }
        match attempt(cluster, end)? {
            Attempt::Ready => return Ok(()),
            // Backends of a killed server take a moment to notice; until then the new one refuses to start.
            Attempt::Ended(log) if log.contains("is still in use") && Instant::now() < end => {
                thread::sleep(Duration::from_millis(100));
            }
            Attempt::Ended(log) => bail!("PostgreSQL did not start; its log ends with:\n{log}"),
        }
    }
}

pub(super) fn stop(cluster: &Cluster) -> Result<()> {
    let Some(pid) = cluster.status().pid() else {
        return Ok(());
    };
    process::send(pid, Signal::SIGINT)?;
    if process::poll(Duration::from_secs(STOP_SECONDS_MAX), || {
        !process::is_running(pid)
    }) {
        return Ok(());
    }
    process::send(pid, Signal::SIGQUIT)?;
    let gone = process::poll(Duration::from_secs(STOP_SECONDS_MAX), || {
        !process::is_running(pid)
    });
    ensure!(gone, "PostgreSQL (process {pid}) does not stop");
    Ok(())
}

pub(super) fn crash(cluster: &Cluster) -> Result<()> {
    let pid = cluster
        .status()
        .pid()
        .context("the cluster does not run, so it cannot crash")?;
    let mut killed = process::children(pid);
    killed.insert(0, pid);
    for victim in &killed {
        process::send(*victim, Signal::SIGKILL)?;
    }
    let gone = || killed.iter().all(|victim| !process::is_running(*victim));
    ensure!(
        process::poll(Duration::from_secs(STOP_SECONDS_MAX), gone),
        "PostgreSQL survived SIGKILL"
    );
    Ok(())
}

enum Attempt {
    Ready,
    Ended(String),
}

fn attempt(cluster: &Cluster, end: Instant) -> Result<Attempt> {
    let mut child = spawn(cluster)?;
    while Instant::now() < end {
        if child.try_wait()?.is_some() {
            return Ok(Attempt::Ended(log_end(cluster)));
        }
        if matches!(cluster.status(), Status::Ready { .. }) {
            process::reap_in_background(child);
            return Ok(Attempt::Ready);
        }
        thread::sleep(Duration::from_millis(10));
    }
    process::send(child.id().cast_signed(), Signal::SIGQUIT)?;
    process::reap_in_background(child);
    bail!(
        "PostgreSQL was not ready after {START_SECONDS_MAX} s; its log ends with:\n{}",
        log_end(cluster)
    )
}

/// In a process group of its own, so that Ctrl-C in a terminal reaches us and not the server.
fn spawn(cluster: &Cluster) -> Result<Child> {
    let log = File::create(cluster.log_path()).context("cannot write the server's log")?;
    let mut command = cluster
        .account
        .command(&cluster.settings.binaries.program("postgres"));
    command
        .current_dir(&cluster.settings.folder)
        .arg("-D")
        .arg(cluster.data_folder());
    for (name, value) in options(cluster) {
        let mut option = OsString::from(name);
        option.push("=");
        option.push(value);
        command.arg("-c").arg(option);
    }
    command.stdout(log.try_clone()?).stderr(log).process_group(0);
    command.spawn().context("cannot start PostgreSQL")
}

fn options(cluster: &Cluster) -> Vec<(String, String)> {
    let socket_folder = cluster.socket_folder();
    let mut options = vec![
        ("listen_addresses", String::new()),
        (
            "unix_socket_directories",
            format!("\"{}\"", socket_folder.display()),
        ),
        ("port", cluster.port().to_string()),
        ("cluster_name", "strongroom".to_owned()),
        ("password_encryption", "scram-sha-256".to_owned()),
        ("log_line_prefix", "%m [%p] %q%u@%d ".to_owned()),
    ];
    if cluster.settings.durability == Durability::Volatile {
        let volatile = [
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("wal_level", "minimal"),
            ("max_wal_senders", "0"),
            ("max_wal_size", "4GB"),
            ("max_connections", "300"),
        ];
        options.extend(volatile.map(|(name, value)| (name, value.to_owned())));
    }
    let own = options.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(cluster.settings.options.iter().cloned()).collect()
}

fn remove_stale_pid_file(cluster: &Cluster) -> Result<()> {
    let path = cluster.data_folder().join("postmaster.pid");
    if path.exists() {
        fs::remove_file(&path).with_context(|| format!("cannot remove the stale {}", path.display()))?;
    }
    Ok(())
}

fn works_in(pid: i32, data: &Path) -> bool {
    let is_postgres =
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres");
    let is_here = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data);
    is_postgres && is_here && process::is_running(pid)
}

fn log_end(cluster: &Cluster) -> String {
    let text = fs::read_to_string(cluster.log_path()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
