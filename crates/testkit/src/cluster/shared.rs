//! The one cluster that all tests of this machine user share.
//!
//! Invariants: it holds nothing that cannot be made anew, so a cluster that does not start is wiped and remade; it is
//! stopped only while no test uses it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

use super::{Binaries, Cluster, ClusterSettings, Durability, Status};
use crate::state::state_folder;

const FOLDER_PREFIX: &str = "test-";

/// The shared cluster of the PostgreSQL that tests run on (see [`Binaries::for_tests`]), started.
pub fn started() -> Result<Cluster> {
    let cluster = open(Binaries::for_tests()?)?;
    if cluster.start().is_err() && cluster.status() == Status::Stopped {
        cluster.wipe()?;
        cluster.start()?;
    }
    Ok(cluster)
}

/// Stops the shared clusters of all versions, except those that a test of some other run uses just now.
pub fn stop_unused() -> Result<()> {
    for entry in fs::read_dir(state_folder()?)?.flatten() {
        let name = entry.file_name();
        let major = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDER_PREFIX)?.parse().ok());
        // A server whose programs are gone was stopped when they were removed.
        let Some(binaries) = major.and_then(|major| Binaries::of_major(major).ok()) else {
            continue;
        };
        let users = users_file(&entry.path())?;
        match users.try_lock() {
            Ok(()) => open(binaries)?.stop()?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// As long as the file is held, [`stop_unused`] leaves the cluster running; the kernel lets go of it when the process
/// ends in any way.
#[cfg(feature = "database")]
pub(crate) fn hold(cluster: &Cluster) -> Result<File> {
    let users = users_file(&cluster.settings.folder)?;
    users.lock_shared()?;
    Ok(users)
}

fn users_file(folder: &Path) -> Result<File> {
    let path = folder.join("users");
    File::create(&path).with_context(|| format!("cannot open {}", path.display()))
}

fn open(binaries: Binaries) -> Result<Cluster> {
    let folder = state_folder()?.join(format!("{FOLDER_PREFIX}{}", binaries.major()));
    Cluster::open(ClusterSettings {
        folder,
        binaries,
        durability: Durability::Volatile,
        options: Vec::new(),
    })
}
