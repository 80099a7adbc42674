//! What a package is held to: the same bytes from a second build, and nothing that lintian minds.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Profile, compile, folder, pack, staging};
use crate::program;

/// Packs the same programs a second time, in another folder, and compares every byte of both packages. That cargo gives the same
/// program twice is another matter: it does from the same sources with the same toolchain and packages, and is too
/// slow to be shown each time.
pub(super) fn reproducible(profile: Profile, packages: &[&Path; 2]) -> Result<()> {
    let elsewhere = folder(profile).with_extension("again");
    let again = pack(profile, &compile(profile)?, &elsewhere, None)?;
    for (package, again) in packages.iter().zip([again, staging::verifier(&elsewhere)?]) {
        ensure!(
            fs::read(package)? == fs::read(&again)?,
            "two builds differ; `diffoscope {} {}` shows where",
            package.display(),
            again.display()
        );
    }
    eprintln!("deb: a second build gives the same bytes");
    fs::remove_dir_all(elsewhere)?;
    Ok(())
}

/// Overrides, where there are any, stand with their reasons in `debian/`.
pub(super) fn lintian(package: &Path) -> Result<()> {
    let mut lintian = Command::new("lintian");
    lintian.args([
        "--fail-on",
        "error,warning",
        "--tag-display-limit",
        "0",
        "--allow-root",
    ]);
    program::run(lintian.arg(package))
}
