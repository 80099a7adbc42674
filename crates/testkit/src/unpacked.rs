//! Servers out of Debian's packages that are not installed, since installing would start them on their well-known ports.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{once, process, state};

/// The folder into which a package of the machine's own release was unpacked; fetched once and kept.
///
/// # Errors
/// When apt does not have it, or the state folder cannot be written.
pub fn package(name: &str) -> Result<PathBuf> {
    let folder = state::state_folder()?.join("unpacked").join(name);
    once::ensure(&folder, |draft| {
        fs::create_dir_all(draft)?;
        let fetched = folder.join("fetched");
        if fetched.exists() {
            fs::remove_dir_all(&fetched)?;
        }
        fs::create_dir(&fetched)?;
        process::run(
            Command::new("apt-get")
                .args(["--quiet", "--quiet", "download", name])
                // apt fetches as an account of its own where that may write, and says so where it may not.
                .args(["-o", "APT::Sandbox::User=root"])
                .current_dir(&fetched),
        )
        .with_context(|| format!("cannot fetch the package {name}; run `apt-get update` first"))?;
        for file in files(&fetched)? {
            process::run(Command::new("dpkg-deb").arg("--extract").arg(file).arg(draft))?;
        }
        fs::remove_dir_all(&fetched)?;
        Ok(())
    })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    entries.collect()
}
