//! A whole Debian in a container: systemd as process 1, a network of its own, gone when dropped.
//!
//! Each machine boots on a copy-on-write layer over a root that is made once ([`Base`]). It has one line, to the host
//! that runs the tests, and nothing beyond. Needs root and cgroup 2; [`check_possible`] says what is missing.
//!
//! Invariant: only processes and folders that we made are ended and removed, by id and path; a test that is killed
//! takes its machine along (the parent's death signal), and what it leaves on the disk goes with the next boot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process;

mod base;
mod capture;
mod container;
mod emulator;
mod line;
mod possible;
mod release;
mod workshop;

pub use base::Base;
pub use capture::Capture;
pub use emulator::{Emulator, Hardware};
pub use possible::check_possible;
pub use release::Release;
pub use workshop::Workshop;

use container::Container;
use line::{Line, Plug};

const BOOT_SECONDS_MAX: u64 = 60;
/// No single command of a test takes longer.
const COMMAND_SECONDS_MAX: u32 = 420;

/// A machine that runs.
#[derive(Debug)]
pub struct Machine {
    name: String,
    folder: PathBuf,
    base: PathBuf,
    container: Container,
    line: Line,
}

impl Machine {
    /// Boots a new machine on a base and waits until everything on it runs.
    ///
    /// # Errors
    /// When the machine cannot run here, or units fail at boot: the message names them.
    pub fn boot(base: &Base) -> Result<Self> {
        check_possible()?;
        let runs = base::runs_folder()?;
        remove_leftovers(&runs)?;
        let name = format!("sr{}", std::process::id());
        let folder = runs.join(&name);
        for layer in ["upper", "work", "root"] {
            fs::create_dir_all(folder.join(layer))?;
        }
        let line = Line::of_process(&name);
        write_names(&folder.join("upper/etc"), &name, &line)?;
        let container = Container::start(&name, &base.root(), &folder)?;
        let machine = Self {
            name,
            folder,
            base: base.root(),
            container,
            line,
        };
        machine.wait_until_booted()?;
        Ok(machine)
    }

    /// Its address, which the host reaches and nobody else.
    pub fn address(&self) -> String {
        self.line.inside()
    }

    /// The host's address on the machine's line: all that it can reach.
    pub fn host_address(&self) -> String {
        self.line.outside()
    }

    /// Its name on the network of its own.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a command as its root, with nothing on stdin, and gives what it wrote to stdout.
    ///
    /// # Errors
    /// With the command and all that it said, when it fails.
    pub fn run(&self, command: &[&str]) -> Result<String> {
        let output = self.attempt(command)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{command:?} in the machine failed ({}):\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// Runs a command that may fail.
    ///
    /// # Errors
    /// When it cannot be started at all.
    pub fn attempt(&self, command: &[&str]) -> Result<Output> {
        let mut outer = self.container.command(COMMAND_SECONDS_MAX);
        let output = outer.args(command).output();
        output.with_context(|| format!("cannot run {command:?} in the machine"))
    }

    /// Runs a script of the shell, which ends at the first failure.
    ///
    /// # Errors
    /// As [`Machine::run`].
    pub fn shell(&self, script: &str) -> Result<String> {
        self.run(&["sh", "-euc", script])
    }

    /// Where a path of the machine is found from outside, for as long as it is not booted again.
    pub fn outside(&self, path: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.container.leader());
        Path::new(&root).join(path.trim_start_matches('/'))
    }

    /// Puts a file of the host into the machine.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy_in(&self, file: &Path, path: &str) -> Result<()> {
        fs::copy(file, self.outside(path)).with_context(|| format!("cannot copy {} in", file.display()))?;
        Ok(())
    }

    /// Boots it anew, as `reboot` does, and waits until everything runs again.
    ///
    /// # Errors
    /// When it does not go down or does not come up.
    pub fn reboot(&mut self) -> Result<()> {
        self.attempt(&["systemctl", "reboot"])?;
        self.come_back()
    }

    /// Waits until it has gone down for a reboot that somebody in it began, and until everything runs again.
    ///
    /// # Errors
    /// As [`Machine::reboot`].
    pub fn come_back(&mut self) -> Result<()> {
        self.container.wait_for_reboot()?;
        self.container = Container::start(&self.name, &self.base, &self.folder)?;
        self.wait_until_booted()
    }

    /// Ends it as a power cut does, at whatever it is doing, and boots it again.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn cut_power(&mut self) -> Result<()> {
        self.container.stop();
        self.container = Container::start(&self.name, &self.base, &self.folder)?;
        self.wait_until_booted()
    }

    /// Takes its way to everything but the host away: its default route is gone.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_routes(&self) -> Result<()> {
        self.line.remove_routes(self.container.leader())
    }

    /// Pulls its line out: nothing comes in or goes out, and nobody tells it so.
    ///
    /// # Errors
    /// When there is none.
    pub fn unplug(&self) -> Result<()> {
        self.line.set(Plug::Out)
    }

    /// Puts the line in again.
    ///
    /// # Errors
    /// When there is none.
    pub fn plug_in(&self) -> Result<()> {
        self.line.set(Plug::In)
    }

    /// Its network, as nsenter(1) takes it, for as long as it is not booted again.
    pub fn network(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.container.leader()).into()
    }

    /// Packets that left the machine since it booted. Whoever tries to reach anybody makes some: the way out leads to
    /// the host, which passes nothing on.
    ///
    /// # Errors
    /// When the line cannot be looked at.
    pub fn packets_sent(&self) -> Result<u64> {
        self.line.packets_sent(self.container.leader())
    }

    /// Captures from now on what leaves it and fits a filter (pcap-filter(7)).
    ///
    /// # Errors
    /// When tcpdump does not start.
    pub fn capture(&self, filter: &str) -> Result<Capture> {
        Capture::start(self.container.leader(), self.folder.join("capture"), filter)
    }

    /// What units said since boot, newest last.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn journal(&self, unit: &str) -> Result<String> {
        self.run(&["journalctl", "--no-pager", "--boot", "--unit", unit])
    }

    fn wait_until_booted(&self) -> Result<()> {
        let mut state = String::new();
        process::poll(Duration::from_secs(BOOT_SECONDS_MAX), || {
            state = self.state();
            state == "running" || state == "degraded" || !self.container.is_running()
        });
        match state.as_str() {
            "running" => self.line.connect(self.container.leader()),
            "degraded" => bail!(
                "units failed at boot:\n{}",
                self.run(&["systemctl", "--failed", "--no-pager"])?
            ),
            _ => bail!(
                "the machine does not boot (state {state:?}); its console said:\n{}",
                self.container.console()
            ),
        }
    }

    /// `starting`, `running`, `degraded`; empty while nothing answers.
    fn state(&self) -> String {
        let output = self.attempt(&["systemctl", "is-system-running"]);
        output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.container.stop();
        // A test's result is not to hang on it: the next boot removes what is left.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// What Debian's installer writes: the machine knows its own name. Other names it would ask us for, who do not answer.
fn write_names(etc: &Path, name: &str, line: &Line) -> Result<()> {
    fs::create_dir_all(etc)?;
    fs::write(
        etc.join("hosts"),
        format!("127.0.0.1 localhost\n127.0.1.1 {name}\n"),
    )?;
    fs::write(
        etc.join("resolv.conf"),
        format!("nameserver {}\n", line.outside()),
    )?;
    Ok(())
}

/// Removes the folders of machines whose test process has ended.
fn remove_leftovers(runs: &Path) -> Result<()> {
    for entry in fs::read_dir(runs)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let pid = name.strip_prefix("sr").and_then(|pid| pid.parse().ok());
        if pid.is_some_and(|pid: i32| !process::is_running(pid)) {
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
