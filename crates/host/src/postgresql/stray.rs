//! What a killed command has left at a cluster: a server that was just being started, with those that start it, and a restore that goes on.
//!
//! None of them has a file that tells of it: `postmaster.pid` is written a moment after the start, and whoever stops a server by it does not
//! see one that is on its way.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Cluster, ClusterError};

/// An immediate shutdown takes a moment (PostgreSQL, 19.5).
const END_DEADLINE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A shell and an interpreter come before the name of what they run.
const NAME_WITHIN: usize = 3;

/// Ends every process that runs a cluster's server, starts it, or restores its data folder, at once: for a folder that is thrown away.
///
/// # Errors
/// [`ClusterError::Stray`] where one does not end.
pub fn end_strays(cluster: &Cluster) -> Result<(), ClusterError> {
    let began = Instant::now();
    loop {
        let strays = strays(cluster);
        let Some((pid, _)) = strays.first() else {
            return Ok(());
        };
        if began.elapsed() > END_DEADLINE {
            return Err(ClusterError::Stray {
                folder: cluster.data_folder.clone(),
                pid: pid.as_raw(),
            });
        }
        for (pid, signal) in strays {
            // One that has ended meanwhile is what we want.
            kill(pid, signal).ok();
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Each with the signal that ends it: a server takes its processes along, the others have nothing to put in order.
fn strays(cluster: &Cluster) -> Vec<(Pid, Signal)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stray = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((Pid::from_raw(pid), signal_for(&entry.path(), cluster)?))
    };
    let unreaped = unreaped_holder(cluster).map(|pid| (pid, Signal::SIGKILL));
    entries.filter_map(stray).chain(unreaped).collect()
}

/// A server that has ended, and that its parent has not asked about yet, still counts as the one whom the socket belongs to (the lock file
/// beside it begins with a process id).
fn unreaped_holder(cluster: &Cluster) -> Option<Pid> {
    let lock = format!(".s.PGSQL.{}.lock", cluster.port);
    let lock = fs::read_to_string(cluster.socket_folder.join(lock)).ok()?;
    let pid: i32 = lock.lines().next()?.trim().parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc(5): the state follows the name, which may hold anything.
    let (_, after_name) = status.rsplit_once(')')?;
    after_name
        .trim_start()
        .starts_with('Z')
        .then(|| Pid::from_raw(pid))
}

/// None where the process, by its folder of proc(5), has nothing to do with the cluster. A container's server has the same paths, below
/// another root.
fn signal_for(process: &Path, cluster: &Cluster) -> Option<Signal> {
    if !is_same(&process.join("root"), Path::new("/")) {
        return None;
    }
    if runs_in(process, &cluster.data_folder) {
        return Some(Signal::SIGQUIT);
    }
    let line = fs::read(process.join("cmdline")).ok()?;
    let line = String::from_utf8_lossy(&line);
    let arguments: Vec<&str> = line.split_terminator('\0').collect();
    is_at_work_on(&arguments, cluster).then_some(Signal::SIGKILL)
}

/// Each of a server's processes works in the data folder.
fn runs_in(process: &Path, data_folder: &Path) -> bool {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    name.trim_end() == "postgres" && is_same(&process.join("cwd"), data_folder)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether a command line starts the cluster's server (pg_ctlcluster, which runs pg_ctl, which runs a shell, which becomes the server; all but
/// the first are told the data folder) or restores its data folder.
fn is_at_work_on(arguments: &[&str], cluster: &Cluster) -> bool {
    let names = arguments.iter().take(NAME_WITHIN);
    let mut names = names.map(|argument| argument.rsplit('/').next().unwrap_or_default());
    let is = |program: &str| names.clone().any(|name| name == program);
    let has = |argument: &str| arguments.contains(&argument);
    let folder = cluster.data_folder.to_string_lossy();
    let is_told = has(&folder);
    let by_debian = is("pg_ctlcluster") && has(&cluster.version.to_string()) && has(&cluster.name);
    let by_shell = is("sh")
        && arguments.iter().any(|argument| {
            argument.starts_with("exec \"") && argument.contains(&format!("/postgres\" -D \"{folder}\""))
        });
    let restoring = is("pgbackrest") && has(&format!("--pg1-path={folder}"));
    by_debian || by_shell || restoring || is_told && names.any(|name| matches!(name, "pg_ctl" | "postgres"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::process::CommandExt;
    use std::path::PathBuf;
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn cluster(data_folder: PathBuf) -> Cluster {
        Cluster {
            version: 17,
            name: "ours".to_owned(),
            port: 5432,
            is_running: false,
            data_folder,
            socket_folder: PathBuf::new(),
            settings_folder: PathBuf::new(),
        }
    }

    fn start(program: &Path, folder: &Path) -> Child {
        let mut command = Command::new(program);
        command.arg("60").current_dir(folder).spawn().unwrap()
    }

    fn until(what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            assert!(Instant::now() < end, "waited for {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// A process with this command line that waits for its input.
    fn waiting(arguments: &[&str]) -> Child {
        let mut command = Command::new("/bin/sh");
        command.arg0(arguments[0]).args(["-c", "read line", "--"]);
        let command = command.args(&arguments[1..]).stdin(Stdio::piped());
        command.spawn().unwrap()
    }

    #[test]
    fn what_works_in_the_folder_or_begins_to_ends_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let (postgres, another) = (path("postgres"), path("another"));
        for program in [&postgres, &another] {
            fs::copy("/bin/sleep", program).unwrap();
        }
        for folder in ["data", "other"] {
            fs::create_dir(path(folder)).unwrap();
        }
        let data = path("data").to_str().unwrap().to_owned();
        let other = path("other").to_str().unwrap().to_owned();
        let restore = |folder: &str| format!("--pg1-path={folder}");
        let strays = [
            start(&postgres, &path("data")),
            waiting(&["/usr/lib/postgresql/17/bin/pg_ctl", "start", "-D", &data]),
            waiting(&["/usr/bin/pgbackrest", &restore(&data), "restore"]),
        ];
        let mut spared = [
            start(&postgres, &path("other")),
            start(&another, &path("data")),
            waiting(&["/usr/lib/postgresql/17/bin/pg_ctl", "start", "-D", &other]),
            waiting(&["/usr/bin/pgbackrest", &restore(&other), "restore"]),
            waiting(&["/usr/bin/less", &data]),
        ];
        // What waits for its input keeps it: closed, it would end by itself.
        let reapers = strays.map(|mut stray| {
            let input = stray.stdin.take();
            thread::spawn(move || (stray.wait().unwrap(), input))
        });
        end_strays(&cluster(path("data"))).unwrap();
        for reaper in reapers {
            until("a stray to end", || reaper.is_finished());
            let (status, _input) = reaper.join().unwrap();
            assert!(!status.success());
        }
        for child in &mut spared {
            assert!(child.try_wait().unwrap().is_none(), "it was ended too");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        end_strays(&cluster(path("gone"))).unwrap();
    }

    #[test]
    fn what_lives_below_another_root_is_another_machine_s() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        fs::create_dir(&data).unwrap();
        let (ours, process) = (cluster(data.clone()), place.path().join("1"));
        fs::create_dir(&process).unwrap();
        fs::write(process.join("comm"), "postgres\n").unwrap();
        symlink(&data, process.join("cwd")).unwrap();
        symlink("/", process.join("root")).unwrap();
        assert_eq!(signal_for(&process, &ours), Some(Signal::SIGQUIT));
        fs::remove_file(process.join("root")).unwrap();
        symlink(place.path(), process.join("root")).unwrap();
        assert_eq!(signal_for(&process, &ours), None);
    }

    #[test]
    fn a_server_that_ended_and_holds_its_socket_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let ours = Cluster {
            socket_folder: place.path().to_owned(),
            ..cluster(place.path().join("gone"))
        };
        let mut ended = Command::new("/bin/true").spawn().unwrap();
        let pid = Pid::from_raw(ended.id().cast_signed());
        fs::write(place.path().join(".s.PGSQL.5432.lock"), format!("{pid}\n/data\n")).unwrap();
        until("it to end", || unreaped_holder(&ours) == Some(pid));
        let reaper = thread::spawn(move || {
            thread::sleep(LOOK_EVERY * 2);
            ended.wait().unwrap()
        });
        end_strays(&ours).unwrap();
        assert!(reaper.join().unwrap().success());
        assert_eq!(unreaped_holder(&ours), None);
    }

    #[test]
    fn each_step_of_a_start_is_known_by_its_command_line() {
        let ours = cluster("/srv/data".into());
        let shell = |folder: &str| {
            format!(
                r#"exec "/usr/lib/postgresql/17/bin/postgres" -D "{folder}" -c config_file="x" < "/dev/null""#
            )
        };
        let perl = ["/usr/bin/perl", "-wT", "/usr/bin/pg_ctlcluster"];
        let by_debian = |version, name| [perl.as_slice(), &[version, name, "start"]].concat();
        let server = "/usr/lib/postgresql/17/bin/postgres";
        assert!(is_at_work_on(&by_debian("17", "ours"), &ours));
        assert!(is_at_work_on(&["/bin/sh", "-c", &shell("/srv/data")], &ours));
        assert!(is_at_work_on(&[server, "-D", "/srv/data"], &ours));
        assert!(!is_at_work_on(&by_debian("15", "ours"), &ours));
        assert!(!is_at_work_on(&by_debian("17", "theirs"), &ours));
        assert!(!is_at_work_on(&["/bin/sh", "-c", &shell("/srv/data2")], &ours));
        assert!(!is_at_work_on(&[server, "-D", "/srv/data/base"], &ours));
        assert!(!is_at_work_on(&["/bin/sh", "-c", "ls /srv/data"], &ours));
        assert!(!is_at_work_on(&[], &ours));
    }
}
