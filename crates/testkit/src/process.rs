//! Processes by id: whether one lives, its children, signals, and the account a program runs under.
//!
//! Invariant: only processes that we can name by id are signalled, never by a name pattern.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

/// Who runs a server: ourselves, or a system user when we are root and the server refuses root.
#[derive(Debug, Clone)]
pub enum Account {
    /// The account of this process.
    Own,
    /// Another account, reached through `setpriv`; only for root.
    System {
        /// Numeric user id.
        uid: u32,
        /// Numeric id of the user's first group.
        gid: u32,
    },
}

impl Account {
    /// `postgres` when we are root, otherwise ourselves.
    pub fn for_postgres() -> Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self::Own);
        }
        let user = User::from_name("postgres")?
            .context("there is no system user postgres: apt-get install postgresql makes it")?;
        Ok(Self::System {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    /// A command under this account, with an environment that holds a search path, a locale and nothing of ours.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Own => Command::new(program),
            Self::System { uid, gid } => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={uid}"))
                    .arg(format!("--regid={gid}"));
                command.arg("--clear-groups").arg("--").arg(program);
                command
            }
        };
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Gives a file or folder to this account.
    pub fn own(&self, path: &Path) -> Result<()> {
        if let Self::System { uid, gid } = self {
            chown(path, Some(*uid), Some(*gid))
                .with_context(|| format!("cannot give away {}", path.display()))?;
        }
        Ok(())
    }
}

/// Ends this process as `kill -9` does: nothing runs any more, and nothing is written.
pub fn die() -> Result<()> {
    Ok(kill(Pid::this(), Signal::SIGKILL)?)
}

/// Whether a process lives; one that has ended and waits to be collected by its parent does not.
pub fn is_running(pid: i32) -> bool {
    state_and_parent(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// The living children of a process.
pub fn children(pid: i32) -> Vec<i32> {
    all_pids()
        .filter(|child| state_and_parent(*child).is_some_and(|(_, parent)| parent == pid))
        .collect()
}

/// The processes whose argument list holds the text, ourselves aside: used with a random folder name only.
pub fn holding_argument(text: &str) -> Vec<i32> {
    let holds = |pid: &i32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
    };
    let own = std::process::id().cast_signed();
    all_pids().filter(|pid| *pid != own).filter(holds).collect()
}

/// The most memory that this process has had, in MiB (proc(5), `VmHWM`).
///
/// # Errors
/// When the system does not say.
pub fn most_memory_mib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = kibibytes.context("proc(5) does not name VmHWM")?.parse()?;
    Ok(kibibytes / 1_024)
}

/// Sends a signal; a process that is gone already is no error.
pub fn send(pid: i32, signal: Signal) -> Result<()> {
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot send {signal} to process {pid}")),
    }
}

/// Looks every 20 ms until the condition holds; false when the deadline passes first.
pub fn poll(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Collects the child's exit in the background, so that a server which ends does not stay a zombie of ours.
pub fn reap_in_background(mut child: Child) {
    thread::spawn(move || child.wait());
}

/// Runs a command to its end and gives its output; a failure's message carries the command and what it said.
pub fn run(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if output.status.success() {
        return Ok(output);
    }
    let arguments: Vec<&OsStr> = command.get_args().collect();
    let said = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{} {arguments:?} failed ({}): {}",
        program.display(),
        output.status,
        said.trim_end()
    )
}

fn all_pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// From `/proc/PID/stat` (proc(5)): the command name stands in parentheses and may hold anything, so the fields are
/// counted from the last parenthesis.
fn state_and_parent(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zombie_is_not_running() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id().cast_signed();
        assert!(is_running(pid));
        assert!(children(std::process::id().cast_signed()).contains(&pid));
        send(pid, Signal::SIGKILL).unwrap();
        assert!(
            poll(Duration::from_secs(5), || !is_running(pid)),
            "the killed child counts as running"
        );
        assert!(
            Path::new(&format!("/proc/{pid}")).exists(),
            "the zombie is still there to be seen"
        );
        child.wait().unwrap();
    }

    #[test]
    fn a_failed_command_says_what_it_was() {
        let error = run(Command::new("ls").arg("/nonexistent-folder"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("ls [\"/nonexistent-folder\"] failed"),
            "{error}"
        );
        assert!(error.contains("cannot access"), "{error}");
    }
}
