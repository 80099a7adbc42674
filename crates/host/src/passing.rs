//! Folders in memory for what only root may see and what is gone at the latest with the machine's power: keys out of a backup, a
//! client's settings with its secret.
//!
//! Invariant: what a killed process has left is removed by the next one that makes such a folder, whatever that is for. Start at
//! [`Passing::make`].

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

use crate::write::{self, Access, WriteError};

/// A file system in memory (file-hierarchy(7)).
const MEMORY: &str = "/run";
/// What the names of ours begin with; the process's number ends them.
const PREFIX: &str = "strongroom-passing-";

/// A private folder in memory, which goes with this value.
#[derive(Debug)]
pub struct Passing {
    path: PathBuf,
}

impl Passing {
    /// Makes an empty one; `what` says in its name what it is for.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn make(what: &str) -> Result<Self, WriteError> {
        Self::make_in(Path::new(MEMORY), what)
    }

    fn make_in(memory: &Path, what: &str) -> Result<Self, WriteError> {
        remove_left(memory);
        let path = memory.join(format!("{PREFIX}{what}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        write::folder(&path, private(0o700))?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.path).ok();
    }
}

/// For this process's account alone.
#[must_use]
pub fn private(mode: u32) -> Access {
    Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode,
    }
}

/// Removes the folders of processes that are no more. That one cannot be removed now is no reason to stop: the next one tries again.
fn remove_left(memory: &Path) {
    for entry in fs::read_dir(memory).into_iter().flatten().flatten() {
        if owner(&entry.path()).is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

fn owner(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    name.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_goes_and_what_a_living_one_has_stays() {
        let memory = tempfile::tempdir().unwrap();
        // Above the greatest number that Linux gives a process.
        let dead = memory.path().join("strongroom-passing-drill-99999999");
        let alive = memory.path().join("strongroom-passing-drill-1");
        let other = memory.path().join("strongroom-hostd");
        for folder in [&dead, &alive, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("key"), "secret").unwrap();
        }
        let passing = Passing::make_in(memory.path(), "bucket").unwrap();
        let path = passing.path().to_owned();
        assert!(path.exists() && !dead.exists() && alive.exists() && other.exists());
        drop(passing);
        assert!(!path.exists());
    }
}
