//! What an update does with our own packages: fetch, unpack beside, install, go back.
//!
//! Invariants: metadata comes from one named file of sources alone (sources.list(5)), our repository's or a taken
//! bundle's, and apt verifies what it fetches by it; nothing is removed to make room; settings that somebody changed
//! stay as they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::{Call, Program, RunError};

/// A slow line is no failure, a stalled one is.
const FETCH_DEADLINE: Duration = Duration::from_secs(1800);
/// dpkg must not be cut off while it works, unless it hangs.
const INSTALL_DEADLINE: Duration = Duration::from_secs(3600);
/// Whoever else runs apt is waited for.
const LOCK: &str = "--option=DPkg::Lock::Timeout=600";

/// Options that let apt see the sources in this file and no others.
fn only(sources: &Path) -> [String; 3] {
    [
        format!("--option=Dir::Etc::SourceList={}", sources.display()),
        "--option=Dir::Etc::SourceParts=-".to_owned(),
        // The other sources' lists stay.
        "--option=APT::Get::List-Cleanup=0".to_owned(),
    ]
}

/// Fetches the index of the sources in a file; any error is one, also those that apt only warns of.
///
/// # Errors
/// [`RunError`] with apt's words: no connection, another signature, an expired index.
pub fn refresh(sources: &Path) -> Result<(), RunError> {
    let call = Call::new(Program::AptGet)
        .with(only(sources))
        .with([
            "--option=Acquire::Check-Valid-Until=1",
            "--option=Acquire::Retries=2",
        ])
        .with([LOCK, "--error-on=any", "--quiet=2", "update"]);
    call.within(FETCH_DEADLINE).run().map(drop)
}

/// The version of a package that the sources in a file offer and no pin forbids; none where it is the installed one or there
/// is none.
///
/// # Errors
/// [`RunError`].
pub fn candidate(sources: &Path, package: &str) -> Result<Option<String>, RunError> {
    let call = Call::new(Program::AptCache)
        .with(only(sources))
        .with(["policy", package]);
    Ok(parse_candidate(&call.run()?))
}

/// Fetches a package's file of this version into a folder, which only root may write to; apt compares its hash.
///
/// # Errors
/// [`RunError`]; for example when the sources have that version no more.
pub fn download(sources: &Path, package: &str, version: &str, folder: &Path) -> Result<(), RunError> {
    let call = Call::new(Program::AptGet)
        .with(only(sources))
        // Its own user could not write into root's folder.
        .with(["--option=APT::Sandbox::User=root", "--quiet=2", "download"])
        .with([format!("{package}={version}")]);
    call.in_folder(folder).within(FETCH_DEADLINE).run().map(drop)
}

/// One field of a package's file; none where it has no such field.
///
/// # Errors
/// [`RunError`].
pub fn field(file: &Path, name: &str) -> Result<Option<String>, RunError> {
    let call = Call::new(Program::DpkgDeb).with([OsString::from("--field"), file.into(), name.into()]);
    let value = call.run()?.trim().to_owned();
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// Unpacks a package's files into a folder, without any of its scripts.
///
/// # Errors
/// [`RunError`].
pub fn unpack(file: &Path, folder: &Path) -> Result<(), RunError> {
    let call = Call::new(Program::DpkgDeb).with([OsString::from("--extract"), file.into(), folder.into()]);
    call.within(FETCH_DEADLINE).run().map(drop)
}

/// Installs packages at the versions named, `package=version`; they and what they depend on come from the sources in a
/// file, or from all of the machine's where none is named.
///
/// # Errors
/// [`RunError`]; the packages may be half installed then.
pub fn install(sources: Option<&Path>, wanted: &[String]) -> Result<(), RunError> {
    let sources = sources.map(only).into_iter().flatten();
    install_with(
        sources
            .chain(wanted.iter().cloned())
            .map(OsString::from)
            .collect(),
    )
}

/// Installs kept files, whatever is installed now.
///
/// # Errors
/// [`RunError`].
pub fn go_back(files: &[PathBuf]) -> Result<(), RunError> {
    // Where a former run was cut off, apt refuses before this. A script that fails here is met again below.
    configure_rest().ok();
    let installed = install_with(files.iter().map(|file| file.as_os_str().to_owned()).collect());
    let Err(error) = installed else { return Ok(()) };
    // apt wants every dependency in order before it begins; dpkg takes the files as they are.
    let call = Call::new(Program::Dpkg).with(["--force-confold", "--install"]);
    let call = call.with(files.iter().map(|file| file.as_os_str()));
    call.within(INSTALL_DEADLINE).run().map(drop).map_err(|_| error)
}

/// Ends what an interrupted dpkg has begun.
///
/// # Errors
/// [`RunError`].
pub fn configure_rest() -> Result<(), RunError> {
    let call = Call::new(Program::Dpkg).with(["--force-confold", "--configure", "--pending"]);
    call.within(INSTALL_DEADLINE).run().map(drop)
}

fn install_with(wanted: Vec<OsString>) -> Result<(), RunError> {
    let call = Call::new(Program::AptGet).with([
        "--yes",
        "--quiet=2",
        "--no-remove",
        "--allow-downgrades",
        "--reinstall",
        "--option=Dpkg::Use-Pty=0",
        "--option=Dpkg::Options::=--force-confold",
        "--option=APT::Sandbox::User=root",
        LOCK,
        "install",
    ]);
    call.with(wanted).within(INSTALL_DEADLINE).run().map(drop)
}

/// From `apt-cache policy`: `  Installed: 0.1.0` and `  Candidate: 0.1.1`.
fn parse_candidate(text: &str) -> Option<String> {
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(": "));
        line.map(str::trim).filter(|value| *value != "(none)")
    };
    let candidate = value("Candidate")?;
    (value("Installed") != Some(candidate)).then(|| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_version_and_none_are_no_candidates() {
        let policy = |installed: &str, candidate: &str| {
            parse_candidate(&format!(
                "strongroom:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n"
            ))
        };
        assert_eq!(policy("0.1.0", "0.1.1").as_deref(), Some("0.1.1"));
        assert_eq!(policy("0.1.1", "0.1.1"), None);
        assert_eq!(policy("0.1.1", "(none)"), None);
        assert_eq!(parse_candidate(""), None);
    }
}
