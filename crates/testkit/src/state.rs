//! Where development keeps what outlives one run: the shared test cluster and fetched tools.
//!
//! Invariant: the system user `postgres` can reach the folder when we are root, because PostgreSQL refuses to run as
//! root and a checkout below a private home would shut it out.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use nix::unistd::Uid;

/// The folder of this machine user, made if absent: `/var/lib/strongroom-dev` for root, otherwise
/// `$XDG_CACHE_HOME/strongroom-dev` (by default `~/.cache/strongroom-dev`).
pub fn state_folder() -> Result<PathBuf> {
    let folder = if Uid::effective().is_root() {
        PathBuf::from("/var/lib/strongroom-dev")
    } else {
        cache_home()?.join("strongroom-dev")
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

fn cache_home() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let home = env::var_os("HOME").context("HOME is not set, so there is no place for the test cluster")?;
    Ok(PathBuf::from(home).join(".cache"))
}
