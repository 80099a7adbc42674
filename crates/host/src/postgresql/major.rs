//! A cluster brought to another major version by Debian's `pg_upgradecluster`, and the small acts around it.
//!
//! Invariants: the old cluster's files are copied and never linked, so that it can be started again; neither cluster is
//! started by a boot while it is half done; a cluster is dropped only by name and major. Start at [`upgrade`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Cluster, ClusterError, named, superuser};
use crate::run::{Call, Program};
use crate::tree;
use crate::unit;
use crate::write::{self, Access, WriteError};

/// Copying a large database takes its time.
const UPGRADE_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// Stopping with a checkpoint, and removing many files.
const DROP_DEADLINE: Duration = Duration::from_secs(900);
/// Where Debian's packages tell which extensions a major has.
const SHARED: &str = "/usr/share/postgresql";

/// Whether systemd starts a cluster with the machine (pg_createcluster(1), STARTUP CONTROL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartsAtBoot {
    /// It does.
    Yes,
    /// Only when it is asked to.
    No,
}

impl StartsAtBoot {
    fn text(self) -> &'static str {
        match self {
            Self::Yes => super::START,
            Self::No => {
                "# Written by `strongroom database upgrade`: the cluster does not start with the machine.\nmanual\n"
            }
        }
    }
}

/// Makes a cluster of the same name and another major out of a running one: settings, roles, databases, rights. Both are down
/// afterwards; the new one has the old one's port. Where it fails, the new one is gone.
///
/// # Errors
/// [`ClusterError::Run`] with what the program said.
pub fn upgrade(cluster: &Cluster, to: u32, data_folder: Option<&Path>) -> Result<(), ClusterError> {
    let (from, to) = (cluster.version.to_string(), to.to_string());
    let mut call = Call::new(Program::PgUpgradecluster)
        // Copying, which is pg_upgrade's usual way; and whoever starts it is us.
        .with(["--method=upgrade", "--no-start", "--version", &to])
        .with([from.as_str(), &cluster.name]);
    if let Some(folder) = data_folder {
        call = call.with([folder.as_os_str()]);
    }
    call.within(UPGRADE_DEADLINE).run()?;
    Ok(())
}

/// Destroys a cluster with its settings and all that is in its data folder; one that is half made too. None there is no
/// error. A data folder that is a disk of its own stays as an empty one.
///
/// # Errors
/// [`ClusterError::Run`] where it cannot be stopped, [`ClusterError::Write`], [`ClusterError::Tree`].
pub fn drop(version: u32, name: &str, data_folder: &Path) -> Result<(), ClusterError> {
    let settings = Path::new(super::SETTINGS_FOLDERS)
        .join(version.to_string())
        .join(name);
    if settings.exists() {
        let call = Call::new(Program::PgDropcluster).with(["--stop", &version.to_string(), name]);
        let dropped = call.within(DROP_DEADLINE).run();
        // What is half made, or mounted, it does not remove; a server that runs is never removed under its feet.
        if dropped.is_err() && unit::look(&unit_of(version, name))?.state == "active" {
            dropped?;
        }
    }
    if data_folder.exists() {
        tree::empty(data_folder, |_| false)?;
        fs::remove_dir(data_folder).ok();
    }
    // What we added beside PostgreSQL's own settings.
    match fs::remove_dir_all(&settings) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(WriteError::Refused {
            what: "remove",
            path: settings,
            source,
        })?,
        _ => Ok(unit::forget_failure(&unit_of(version, name))?),
    }
}

/// What systemd calls a cluster (postgresql@.service).
fn unit_of(version: u32, name: &str) -> String {
    format!("postgresql@{version}-{name}.service")
}

/// Sets the port that names a cluster's socket; it counts from its next start.
///
/// # Errors
/// [`ClusterError::Run`].
pub fn set_port(cluster: &Cluster, port: u16) -> Result<(), ClusterError> {
    let version = cluster.version.to_string();
    let call =
        Call::new(Program::PgConftool).with([&version, &cluster.name, "set", "port", &port.to_string()]);
    call.run()?;
    Ok(())
}

/// Has a cluster started by a boot, or not.
///
/// # Errors
/// [`ClusterError::Write`], [`ClusterError::NoAccount`].
pub fn set_start(cluster: &Cluster, starts: StartsAtBoot) -> Result<(), ClusterError> {
    let postgres = superuser()?;
    let access = Access {
        user: postgres.uid,
        group: postgres.gid,
        mode: 0o644,
    };
    write::file(
        &cluster.settings_folder.join("start.conf"),
        starts.text().as_bytes(),
        access,
    )?;
    Ok(())
}

/// Counts anew what the planner goes by, which does not come along; first roughly, then exactly.
///
/// # Errors
/// [`ClusterError::Run`].
pub fn analyze(cluster: &Cluster) -> Result<(), ClusterError> {
    let call = Call::new(Program::Vacuumdb)
        .with([
            named(cluster).as_str(),
            "--all",
            "--analyze-in-stages",
            "--quiet",
            "--no-password",
        ])
        .as_account(superuser()?)
        .in_folder(Path::new("/"));
    call.within(UPGRADE_DEADLINE).run()?;
    Ok(())
}

/// Where the data of a new cluster comes to lie if nothing else is said (createcluster.conf(5)).
#[must_use]
pub fn usual_data_folder(version: u32, name: &str) -> PathBuf {
    Path::new("/var/lib/postgresql")
        .join(version.to_string())
        .join(name)
}

/// Whether a major has an extension.
#[must_use]
pub fn has_extension(version: u32, extension: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let folder = Path::new(SHARED).join(version.to_string()).join("extension");
    extension.bytes().all(is_plain) && folder.join(format!("{extension}.control")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_a_name_and_no_path() {
        for bad in ["../plpgsql", "plpgsql/../plpgsql", "no_such_extension"] {
            assert!(!has_extension(15, bad), "{bad}");
        }
    }

    #[test]
    fn a_cluster_that_does_not_start_with_the_machine_says_so_in_one_word() {
        for (starts, word) in [(StartsAtBoot::Yes, "auto"), (StartsAtBoot::No, "manual")] {
            let words: Vec<_> = starts
                .text()
                .lines()
                .filter(|line| !line.starts_with('#'))
                .collect();
            assert_eq!(words, [word]);
        }
    }
}
