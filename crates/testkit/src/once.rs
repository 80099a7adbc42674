//! Something that takes a minute to make and is kept: made under a lock, and under another name until it is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

/// The folder `root` below `folder`; `make` fills a draft of it when it is not there. Two processes wait for one another,
/// and an interrupted making is not taken for a root.
///
/// # Errors
/// What `make` says, or when the folder cannot be written.
pub(crate) fn ensure(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    let _lock = Flock::lock(lock, FlockArg::LockExclusive)
        .map_err(|(_, errno)| errno)
        .with_context(|| format!("cannot lock {}", folder.display()))?;
    let root = folder.join("root");
    if !root.exists() {
        let draft = folder.join("draft");
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        make(&draft)?;
        fs::rename(&draft, &root).with_context(|| format!("cannot make {}", root.display()))?;
    }
    Ok(root)
}
