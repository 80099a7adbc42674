//! The auditor's kit: what somebody needs who checks this appliance's log and believes nothing that it says.
//!
//! Invariant: the policy stands in it as it was when the kit was written; it is handed over once, by a way that this machine has no
//! part in, and written again when a witness was named. Start at [`write`].

use crate::failure::{CommandError, Exit};
use ::host::write::{self, Access};
use platform::{
    Caller, Platform,
    ledger::{
        self,
        daily::{self, Daily},
        rotation,
    },
};
use std::{os::unix::fs::MetadataExt, path::Path};
use types::ProblemCode;

/// Where sticks are mounted.
const STICKS: [&str; 3] = ["/media", "/mnt", "/run/media"];
/// The policy's name in the kit.
const POLICY: &str = "policy.txt";
/// The newest checkpoint's.
const CHECKPOINT: &str = "checkpoint.txt";
/// A second verifier that shares no code with ours.
const VERIFIER: &str = include_str!("../../../docs/verify.py");

/// Writes the kit into a folder, which is made if it is not there. A checkpoint that is there already stays: it bears witness against a log
/// that was rewritten since.
///
/// # Errors
/// The log was not signed yet, or the folder cannot be written.
pub(crate) async fn write(platform: &Platform, folder: &Path) -> Result<Daily, CommandError> {
    let host = Caller::host();
    let policy = ledger::policy(platform, &host).await?;
    let daily = daily::note(platform, &host).await?;
    refuse_unmounted(folder)?;
    if !folder.is_dir() {
        write::folder(folder, Access::own(0o755))?;
    }
    for (number, announcement) in (1..).zip(rotation::announcements(platform, &host).await?) {
        let path = folder.join(format!("rotation-{number}.txt"));
        write::file(&path, announcement.as_bytes(), Access::own(0o644))?;
    }
    let read_me = read_me(&platform.settings().base_url, daily.newest.size);
    let mut files = vec![(POLICY, policy.as_str()), ("verify.py", VERIFIER)];
    if write::read(&folder.join(CHECKPOINT))?.is_none() {
        files.push((CHECKPOINT, daily.newest.note.as_str()));
        files.push(("READ-ME.txt", &read_me));
    }
    for (name, text) in files {
        write::file(&folder.join(name), text.as_bytes(), Access::own(0o644))?;
    }
    Ok(daily)
}

/// Whether the folder holds the kit with the policy of now.
///
/// # Errors
/// The log's key cannot be read, or the folder.
pub(crate) async fn is_current(platform: &Platform, folder: &Path) -> Result<bool, CommandError> {
    let policy = match ledger::policy(platform, &Caller::host()).await {
        Ok(policy) => policy,
        Err(error) if error.code == ProblemCode::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if !folder.is_dir() {
        return Ok(false);
    }
    let written = write::read(&folder.join(POLICY))?;
    Ok(written.as_deref() == Some(policy.as_bytes()))
}

/// Whether the log was signed, so that there is something to put into a kit.
///
/// # Errors
/// The log stands still, and why.
pub(crate) async fn is_possible(platform: &Platform) -> Result<bool, CommandError> {
    match daily::note(platform, &Caller::host()).await {
        Ok(_) => Ok(true),
        Err(error) if error.code == ProblemCode::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a path in answers and arguments must be.
pub(crate) fn refuse_relative(folder: &Path) -> Result<(), CommandError> {
    match folder.is_absolute() {
        true => Ok(()),
        false => Err(CommandError::said(
            Exit::Usage,
            format!("{}: write the whole path, beginning with /", folder.display()),
        )),
    }
}

/// Where sticks are put and none is, the folder would come to lie on this machine's own disk, and nobody would take it along.
fn refuse_unmounted(folder: &Path) -> Result<(), CommandError> {
    match is_unmounted(folder, &STICKS.map(Path::new)) {
        true => Err(CommandError::said(
            Exit::Failed,
            format!(
                "{}: nothing is mounted there, so it would be a folder of this machine; put the stick in and mount it, or name another folder",
                folder.display()
            ),
        )),
        false => Ok(()),
    }
}

/// Whether a folder would lie below one of these places and on the same disk as that place itself.
fn is_unmounted(folder: &Path, places: &[&Path]) -> bool {
    let Some(place) = places.iter().find(|place| folder.starts_with(place)) else {
        return false;
    };
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    let nearest = folder.ancestors().find(|path| path.exists());
    nearest.is_some_and(|nearest| device(nearest) == device(place.parent().unwrap_or(place)))
}

fn read_me(base_url: &str, size: u64) -> String {
    format!(
        "The auditor's kit for the audit log of the Strongroom at {base_url}\n\
         \n\
         {POLICY}      what the log is called, its key, and its witnesses: believe nothing that it does not bear out\n\
         {CHECKPOINT}  the log's signed checkpoint when this kit was written, of {size} entries\n\
         verify.py       a second verifier, in Python alone: read it before you run it\n\
         \n\
         Keep this folder on a machine of your own. Ask for an export that goes on from your checkpoint,\n\
         \n\
             strongroom audit export --out log.srexport --cut {size}\n\
         \n\
         and check it where no network is, with the package strongroom-verify or with the other verifier:\n\
         \n\
             strongroom-verify log.srexport --policy {POLICY} --since {CHECKPOINT}\n\
             python3 verify.py log.srexport {POLICY} {CHECKPOINT}\n\
         \n\
         A rotation-N.txt announces a new key of the log, signed by the one before it. With a policy from before, add them in their order:\n\
         strongroom-verify log.srexport --policy OLD-POLICY --rotation rotation-1.txt; alone they print the policy to keep from then on.\n\
         \n\
         A receipt of one entry: strongroom-verify --receipt FILE --policy {POLICY}\n\
         Keep the newest checkpoint of each export in the place of the old one. Exports hold values in the clear.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stick_that_is_not_there_is_told_from_one_that_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("media");
        std::fs::create_dir_all(place.join("stick")).unwrap();
        for path in ["stick", "stick/kit", "other/kit"] {
            assert!(is_unmounted(&place.join(path), &[&place]), "{path}");
        }
        // Elsewhere nothing is asked, and what is mounted has a disk of its own.
        assert!(!is_unmounted(folder.path(), &[&place]));
        assert!(!is_unmounted(Path::new("/dev/shm/kit"), &[Path::new("/dev")]));
    }
}
