//! Services and kernel that still run code which an update has replaced on the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::Seen;
use crate::run::{Call, Program, RunError};

const DEADLINE: Duration = Duration::from_secs(120);
/// Most names that are told.
const NAMES_MAX: usize = 50;

/// What still runs old code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// Who looked: needrestart, or we in /proc.
    pub by: &'static str,
    /// Units, or programs where only those are known.
    pub services: Vec<String>,
    /// A newer kernel is installed than the one that runs.
    pub kernel: Seen<bool>,
}

/// Asks needrestart, or looks for replaced files in /proc where it is not installed.
///
/// # Errors
/// Neither is possible; why.
pub fn stale() -> Result<Stale, String> {
    if Program::Needrestart.may_start() {
        return needrestart().map_err(|error| error.to_string());
    }
    replaced(Path::new("/proc")).map(|services| Stale {
        by: "the files that processes have open",
        services,
        kernel: Seen::Unknown("needrestart is not installed".to_owned()),
    })
}

/// Whether a package has asked for a reboot.
#[must_use]
pub fn is_reboot_required(root: &Path) -> bool {
    root.join("run/reboot-required").exists()
}

fn needrestart() -> Result<Stale, RunError> {
    let call = Call::new(Program::Needrestart).with(["-b", "-r", "l"]);
    Ok(parse(&call.within(DEADLINE).run()?))
}

/// `NEEDRESTART-SVC: cron.service`, `NEEDRESTART-KSTA: 3` (needrestart(1), batch mode; 0 is unknown, 1 is current).
fn parse(text: &str) -> Stale {
    let values = |key: &str| {
        let key = format!("NEEDRESTART-{key}: ");
        text.lines()
            .filter_map(move |line| Some(line.strip_prefix(&key)?.trim().to_owned()))
    };
    let kernel = match values("KSTA").next().as_deref() {
        Some("1") => Seen::Known(false),
        Some("2" | "3") => Seen::Known(true),
        _ => Seen::Unknown("needrestart cannot tell which kernel runs".to_owned()),
    };
    Stale {
        by: "needrestart",
        services: values("SVC").take(NAMES_MAX).collect(),
        kernel,
    }
}

/// Units whose processes have code mapped whose file is gone; the program's name where a process belongs to no service.
/// Processes that may not be looked at make the whole unknown.
fn replaced(proc: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error: io::Error| format!("{} cannot be read ({error})", proc.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(proc).map_err(unreadable)?.flatten() {
        let is_process = entry
            .file_name()
            .to_string_lossy()
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        if !is_process {
            continue;
        }
        let maps = match fs::read_to_string(entry.path().join("maps")) {
            Ok(maps) => maps,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err("only root sees what other users' processes run".to_owned());
            }
            // It has ended meanwhile.
            Err(_) => continue,
        };
        if maps.lines().any(is_replaced_code) {
            names.insert(owner(&entry.path()));
        }
    }
    Ok(names.into_iter().take(NAMES_MAX).collect())
}

/// The system's service that a process belongs to, or the name of its program. Services of a person's own session are not
/// the system's.
fn owner(process: &Path) -> String {
    let read = |name: &str| fs::read_to_string(process.join(name)).unwrap_or_default();
    let groups = read("cgroup");
    // `0::/system.slice/ssh.service` (cgroups(7)); a service's own groups may lie below it.
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let service = path
        .and_then(|path| path.strip_prefix("/system.slice/"))
        .and_then(|path| path.split('/').find(|part| part.ends_with(".service")));
    service.map_or_else(|| read("comm").trim().to_owned(), str::to_owned)
}

/// `7f1 r-xp 00000000 08:01 123 /usr/lib/libssl.so.3 (deleted)` (proc_pid_maps(5)).
fn is_replaced_code(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_code = words.nth(1).is_some_and(|rights| rights.contains('x'));
    let path = words.nth(3).unwrap_or_default();
    is_code && path.starts_with("/usr/") && line.ends_with(" (deleted)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needrestart_tells_services_and_an_old_kernel() {
        let text = "NEEDRESTART-VER: 3.8\nNEEDRESTART-KCUR: 6.12.1\nNEEDRESTART-KEXP: 6.12.2\nNEEDRESTART-KSTA: 3\n\
                    NEEDRESTART-SVC: cron.service\nNEEDRESTART-SVC: ssh.service\n";
        let found = parse(text);
        assert_eq!(found.services, ["cron.service", "ssh.service"]);
        assert_eq!(found.kernel, Seen::Known(true));
        assert_eq!(parse("NEEDRESTART-KSTA: 1\n").kernel, Seen::Known(false));
        assert!(parse("NEEDRESTART-KSTA: 0\n").kernel.why().is_some());
    }

    #[test]
    fn code_whose_file_is_gone_is_old_and_data_is_not() {
        let proc = tempfile::tempdir().unwrap();
        let process = |id: &str, name: &str, maps: &str| {
            fs::create_dir(proc.path().join(id)).unwrap();
            fs::write(proc.path().join(id).join("maps"), maps).unwrap();
            fs::write(proc.path().join(id).join("comm"), name).unwrap();
        };
        process(
            "12",
            "old\n",
            "7f1-7f2 r-xp 00000000 08:01 1 /usr/lib/libssl.so.3 (deleted)\n",
        );
        process(
            "13",
            "new\n",
            "7f1-7f2 r-xp 00000000 08:01 1 /usr/lib/libssl.so.3\n",
        );
        process(
            "14",
            "data\n",
            "7f1-7f2 rw-p 00000000 08:01 1 /usr/share/x (deleted)\n",
        );
        fs::create_dir(proc.path().join("sys")).unwrap();
        assert_eq!(replaced(proc.path()).unwrap(), ["old"]);
        let group = |id: &str, path: &str| fs::write(proc.path().join(id).join("cgroup"), path).unwrap();
        group(
            "12",
            "0::/system.slice/system-postgresql.slice/postgresql@17-strongroom.service\n",
        );
        assert_eq!(
            replaced(proc.path()).unwrap(),
            ["postgresql@17-strongroom.service"]
        );
        group(
            "12",
            "0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n",
        );
        assert_eq!(replaced(proc.path()).unwrap(), ["old"]);
        assert!(replaced(Path::new("/no/such/folder")).is_err());
    }

    #[test]
    fn a_wish_for_a_reboot_is_a_file() {
        let root = tempfile::tempdir().unwrap();
        assert!(!is_reboot_required(root.path()));
        fs::create_dir(root.path().join("run")).unwrap();
        fs::write(root.path().join("run/reboot-required"), "").unwrap();
        assert!(is_reboot_required(root.path()));
    }
}
