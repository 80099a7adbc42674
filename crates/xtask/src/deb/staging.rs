//! The copy of the checkout that a package is built in, and what comes out beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use testkit::process;

use crate::program;

/// What the package is made of beside the programs.
const SOURCES: &[&str] = &["debian", "packaging", "docs", "README.md", "CHANGELOG.md"];
/// The copy's folder in the package's folder; dpkg leaves its results one step above the source.
const SOURCE: &str = "source";

/// Empties the folder and copies the sources into it; gives the copy's root.
pub(super) fn prepare(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let source = folder.join(SOURCE);
    fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
    let mut copy = Command::new("cp");
    copy.args(["--recursive", "--preserve=mode"])
        .args(SOURCES)
        .arg(&source)
        .current_dir(program::root());
    process::run(&mut copy)?;
    Ok(source)
}

/// The package of the platform that was built in the folder; its debug symbols are another one.
pub(super) fn package(folder: &Path) -> Result<PathBuf> {
    find(folder, "strongroom")
}

/// The package of the verifier that was built beside it.
pub(super) fn verifier(folder: &Path) -> Result<PathBuf> {
    find(folder, super::VERIFIER)
}

fn find(folder: &Path, package: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&format!("{package}_")) && name.ends_with(".deb") {
            found.push(path);
        }
    }
    ensure!(
        found.len() == 1,
        "{} packages {package} were built in {}, where one was expected",
        found.len(),
        folder.display()
    );
    Ok(found.remove(0))
}
