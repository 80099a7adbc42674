//! Servers that no file of a process tells of: `postmaster.pid` is written a moment after the start, and whoever stops a server by it does
//! not see one that somebody who was killed had just started.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ClusterError;

/// An immediate shutdown takes a moment (PostgreSQL, 19.5).
const END_DEADLINE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// As proc(5) calls PostgreSQL's processes in `comm`.
const NAME: &str = "postgres";

/// Ends every process of PostgreSQL that works in a data folder, at once: for a folder that is thrown away.
///
/// # Errors
/// [`ClusterError::Stray`] where one does not end.
pub fn end_strays(data_folder: &Path) -> Result<(), ClusterError> {
    let began = Instant::now();
    loop {
        let strays = strays(data_folder);
        let Some(pid) = strays.first() else {
            return Ok(());
        };
        if began.elapsed() > END_DEADLINE {
            return Err(ClusterError::Stray {
                folder: data_folder.to_owned(),
                pid: pid.as_raw(),
            });
        }
        for pid in strays {
            // One that has ended meanwhile is what we want.
            kill(pid, Signal::SIGQUIT).ok();
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Each of its processes works in the data folder.
fn strays(data_folder: &Path) -> Vec<Pid> {
    let Ok(folder) = data_folder.canonicalize() else {
        return Vec::new();
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_stray = |process: &Path| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        name.trim_end() == NAME && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == folder)
    };
    let pid = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        is_stray(&entry.path()).then(|| Pid::from_raw(pid))
    };
    entries.filter_map(pid).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn start(program: &Path, folder: &Path) -> Child {
        let mut command = Command::new(program);
        command.arg("60").current_dir(folder).spawn().unwrap()
    }

    #[test]
    fn what_works_in_the_folder_ends_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let (postgres, another) = (path("postgres"), path("another"));
        for program in [&postgres, &another] {
            fs::copy("/bin/sleep", program).unwrap();
        }
        for folder in ["data", "other"] {
            fs::create_dir(path(folder)).unwrap();
        }
        let mut stray = start(&postgres, &path("data"));
        let mut spared = [start(&postgres, &path("other")), start(&another, &path("data"))];
        let reaper = thread::spawn(move || stray.wait().unwrap());
        end_strays(&path("data")).unwrap();
        assert!(!reaper.join().unwrap().success());
        for child in &mut spared {
            assert!(child.try_wait().unwrap().is_none(), "it was ended too");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        end_strays(&path("gone")).unwrap();
    }
}
