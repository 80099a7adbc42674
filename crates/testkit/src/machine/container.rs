//! The container under a machine: systemd-nspawn on an overlay, and commands inside of it.
//!
//! The overlay is mounted in a mount namespace of its own, so it goes with the last process and is never left behind.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::process;

/// systemd-nspawn(1), `--keep-unit`: it ends with this status when the machine asked for a reboot.
const REBOOT: i32 = 133;
const START_SECONDS_MAX: u64 = 20;
const STOP_SECONDS_MAX: u64 = 30;
/// Services end one after the other, a database among them.
const DOWN_SECONDS_MAX: u64 = 120;

/// `$1` lower, `$2` folder of this run; the rest is what runs on it.
const MOUNT_AND_RUN: &str = r#"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
shift 2
exec "$@"
"#;

#[derive(Debug)]
pub(super) struct Container {
    nspawn: Child,
    leader: i32,
    console: PathBuf,
}

impl Container {
    /// Starts process 1 and waits until it is there.
    pub(super) fn start(name: &str, base: &Path, folder: &Path) -> Result<Self> {
        let console = folder.join("console");
        let nspawn = spawn(name, base, folder, &console)?;
        let mut container = Self {
            nspawn,
            leader: 0,
            console,
        };
        let pid = container.nspawn.id().cast_signed();
        let found = process::poll(Duration::from_secs(START_SECONDS_MAX), || {
            container.leader = leader(pid).unwrap_or_default();
            container.leader != 0
        });
        ensure!(
            found,
            "systemd-nspawn starts no machine; it said:\n{}",
            container.console()
        );
        Ok(container)
    }

    /// The host's id of the machine's process 1.
    pub(super) fn leader(&self) -> i32 {
        self.leader
    }

    pub(super) fn is_running(&self) -> bool {
        process::is_running(self.leader)
    }

    /// What process 1 and the units wrote to the console.
    pub(super) fn console(&self) -> String {
        fs::read_to_string(&self.console).unwrap_or_default()
    }

    /// A command inside, as root, with a clean environment; ended after some seconds.
    pub(super) fn command(&self, seconds_max: u32) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", &seconds_max.to_string(), "nsenter"])
            .arg(format!("--target={}", self.leader))
            .args([
                "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup", "--root", "--wd", "--",
            ])
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Waits until the machine has gone down for a reboot.
    pub(super) fn wait_for_reboot(&mut self) -> Result<()> {
        match self.wait(DOWN_SECONDS_MAX) {
            Some(status) if status.code() == Some(REBOOT) => Ok(()),
            Some(status) => bail!("the machine ended ({status}) instead of going down for a reboot"),
            None => bail!("the machine did not go down within {DOWN_SECONDS_MAX} seconds"),
        }
    }

    /// Ends it as a power cut would, which also ends everything inside. Does nothing when it has ended: its ids may be
    /// somebody else's by now.
    pub(super) fn stop(&mut self) {
        if !matches!(self.nspawn.try_wait(), Ok(None)) {
            return;
        }
        // Zero, before process 1 was found, would mean our own process group.
        let is_asked = self.leader > 0 && process::send(self.leader, Signal::SIGKILL).is_ok();
        let ended = is_asked && self.wait(STOP_SECONDS_MAX).is_some();
        if !ended {
            self.nspawn.kill().ok();
            self.nspawn.wait().ok();
        }
    }

    /// How nspawn ended; none when it has not within the time.
    fn wait(&mut self, seconds_max: u64) -> Option<ExitStatus> {
        let mut status = None;
        process::poll(Duration::from_secs(seconds_max), || {
            status = self.nspawn.try_wait().ok().flatten();
            status.is_some()
        });
        status
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `setpriv` has the kernel end nspawn when the test that started it is killed.
fn spawn(name: &str, base: &Path, folder: &Path, console: &Path) -> Result<Child> {
    let output = File::create(console).with_context(|| format!("cannot write {}", console.display()))?;
    let mut command = Command::new("setpriv");
    command
        .args([
            "--pdeathsig=KILL",
            "unshare",
            "--mount",
            "--propagation=private",
            "--",
        ])
        .args(["sh", "-euc", MOUNT_AND_RUN, "sh"])
        .arg(base)
        .arg(folder)
        .args([
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--keep-unit",
            "--register=no",
        ])
        .arg(format!("--directory={}", folder.join("root").display()))
        .arg(format!("--machine={name}"))
        .args(["--console=pipe", "--network-veth", "--link-journal=no"])
        .args(["--resolv-conf=off", "--timezone=off"])
        // Also where the host still has the first kind of control groups.
        .env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    command.spawn().context("cannot start systemd-nspawn")
}

/// The child of nspawn that is process 1 of a namespace; another child prepares it and ends.
fn leader(nspawn: i32) -> Option<i32> {
    process::children(nspawn).into_iter().find(|child| {
        let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        // One id for each namespace that the process is seen in, its own last.
        let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        ids.is_some_and(|ids| ids.split_whitespace().count() > 1 && ids.trim_end().ends_with("\t1"))
    })
}
