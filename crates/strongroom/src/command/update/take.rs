//! `strongroom update take`: bundles that were uploaded, or copied into the spool folder, verified and unpacked by root.
//!
//! Invariants: whoever may write into the spool may hand over files and nothing else. A file is moved into a folder of
//! root's before it is looked at, so that no name changes under us; what is no plain file is removed unread; verifying
//! and unpacking are one pass over the bytes, so that changing them meanwhile makes them altered ones. Nothing is installed.

use super::{here::Here, import::import};
use crate::{
    command::Common,
    failure::{CommandError, Exit, told},
    output,
};
use ::host::{
    account,
    updates::{BUNDLE_SUFFIX, Folder, Found, SPOOL, TAKEN, Verdict},
};
use jiff::Timestamp;
use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, RenameFlags, renameat2},
};
use std::{
    fs::{self, Metadata},
    io,
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant, SystemTime},
};
use updates::shelf::ImportError;

/// A file that somebody copies here is whole when it has not changed for this long.
const STILL: Duration = Duration::from_secs(3);
/// A copy that takes longer is looked at as it is.
const STILL_WAIT_MAX: Duration = Duration::from_secs(30 * 60);
/// The largest bundle of another import is unpacked by then. A run that ended at once would be started again at once, until systemd
/// gives the spool up (systemd.path(5), `TriggerLimitBurst=`).
const BUSY_WAIT_MAX: Duration = Duration::from_secs(30 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Most bundles of one run; the unit starts another for the rest.
const BUNDLES_MAX: usize = 8;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Take {}

impl Take {
    /// Exit code 1 where one was refused.
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        if !account::is_root() {
            let text = "bundles are unpacked by root alone; run this as root";
            return Err(CommandError::said(Exit::NotAllowed, text));
        }
        let folder = Folder::of_machine();
        folder.prepare()?;
        let mut is_well = true;
        for name in names(Path::new(SPOOL))? {
            let Some(verdict) = take(common, &name)? else {
                output::talk(&format!("{name} stays in {SPOOL}: another import is at work"));
                break;
            };
            is_well &= matches!(verdict.found, Found::Imported { .. });
            say(&verdict);
            folder.note_verdict(&verdict)?;
        }
        Ok(match is_well {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(Exit::Failed as u8),
        })
    }
}

/// The whole bundles in the spool, oldest name first.
fn names(spool: &Path) -> Result<Vec<String>, CommandError> {
    let cannot = || CommandError::io(format!("cannot read {}", spool.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(spool).map_err(cannot())? {
        let name = entry.map_err(cannot())?.file_name();
        // A name that is no text was not made by us, and no bundle is called so.
        if let Some(name) = name.to_str().filter(|name| name.ends_with(BUNDLE_SUFFIX)) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.truncate(BUNDLES_MAX);
    Ok(names)
}

/// None where others are at work all the time: it is in the spool again, whose unit starts another run.
fn take(common: &Common, name: &str) -> Result<Option<Verdict>, CommandError> {
    let (lying, taken) = (Path::new(SPOOL).join(name), Path::new(TAKEN).join("bundle"));
    wait_until_still(&lying);
    // What a run that was cut off has left.
    clear(&taken)?;
    // Within one file system; a link is moved and not followed.
    fs::rename(&lying, &taken).map_err(CommandError::io(format!("cannot take {}", lying.display())))?;
    let Some((bytes, found)) = look_at(common, &taken) else {
        put_back(&taken, &lying)?;
        return Ok(None);
    };
    clear(&taken)?;
    Ok(Some(Verdict {
        name: name.to_owned(),
        bytes,
        at: Timestamp::now(),
        found,
    }))
}

/// Where one of the same name came meanwhile, that one is the newer.
fn put_back(taken: &Path, lying: &Path) -> Result<(), CommandError> {
    let flags = RenameFlags::RENAME_NOREPLACE;
    match renameat2(AT_FDCWD, taken, AT_FDCWD, lying, flags) {
        Ok(()) => Ok(()),
        Err(Errno::EEXIST) => clear(taken),
        Err(error) => Err(CommandError::io(format!("cannot put {} back", lying.display()))(
            error.into(),
        )),
    }
}

/// Removes what was taken, whatever it is: it lies in a folder of root's, and what stays there is in the way of the next one.
fn clear(taken: &Path) -> Result<(), CommandError> {
    let removed = match fs::symlink_metadata(taken) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(taken),
        Ok(_) => fs::remove_file(taken),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CommandError::io(format!(
            "cannot remove {}",
            taken.display()
        ))(error)),
        _ => Ok(()),
    }
}

/// None where others are at work all the time.
fn look_at(common: &Common, taken: &Path) -> Option<(u64, Found)> {
    let refused = |why: String| Found::Refused { why };
    let metadata = match fs::symlink_metadata(taken) {
        Ok(metadata) => metadata,
        Err(error) => return Some((0, refused(format!("it cannot be looked at ({error})")))),
    };
    if !metadata.is_file() {
        let why = "it is a link, a pipe or a folder, and no bundle";
        return Some((0, refused(why.to_owned())));
    }
    let imported = patiently(BUSY_WAIT_MAX, || import(common, &Here::default(), taken));
    let found = match imported {
        Ok((manifest, _)) => Found::Imported {
            sequence: manifest.sequence,
            version: manifest.version.to_string(),
        },
        Err(CommandError::Import(ImportError::Busy)) => return None,
        Err(error) => refused(told(&error)),
    };
    Some((metadata.len(), found))
}

/// Again and again while another import is at work, for so long at most.
fn patiently<T>(
    patience: Duration,
    mut import: impl FnMut() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let began = Instant::now();
    loop {
        match import() {
            Err(CommandError::Import(ImportError::Busy)) if began.elapsed() < patience => {
                thread::sleep(LOOK_EVERY);
            }
            ended => return ended,
        }
    }
}

/// Until nobody writes to it any more.
fn wait_until_still(path: &Path) {
    let until = Instant::now() + STILL_WAIT_MAX;
    while Instant::now() < until {
        let Ok(found) = fs::symlink_metadata(path) else {
            return;
        };
        if !found.is_file() || is_still(&found) {
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// A time that is to come says nothing about who writes.
fn is_still(found: &Metadata) -> bool {
    let changed: io::Result<SystemTime> = found.modified();
    changed.is_ok_and(|at| at.elapsed().map_or(true, |age| age >= STILL))
}

fn say(verdict: &Verdict) {
    let said = match &verdict.found {
        Found::Imported { sequence, version } => {
            format!(
                "imported as bundle {sequence} with version {version}; `strongroom update run --bundle` installs it"
            )
        }
        Found::Refused { why } => format!("refused: {why}"),
    };
    output::talk(&format!("{} ({} bytes): {said}", verdict.name, verdict.bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_bundle_waits_for_another_import_and_goes_back_under_no_other_ones_name() {
        let mut tries = 0;
        let mut import = || {
            tries += 1;
            match tries {
                3 => Ok(()),
                _ => Err(CommandError::Import(ImportError::Busy)),
            }
        };
        let ended = patiently(Duration::ZERO, &mut import);
        assert!(matches!(ended, Err(CommandError::Import(ImportError::Busy))));
        patiently(Duration::from_secs(60), &mut import).unwrap();
        assert_eq!(tries, 3);
        let folder = tempfile::tempdir().unwrap();
        let (taken, lying) = (folder.path().join("bundle"), folder.path().join("1.bundle"));
        fs::write(&taken, "first").unwrap();
        put_back(&taken, &lying).unwrap();
        assert_eq!(fs::read(&lying).unwrap(), b"first");
        fs::write(&taken, "second").unwrap();
        put_back(&taken, &lying).unwrap();
        assert_eq!(fs::read(&lying).unwrap(), b"first");
        assert!(!taken.exists());
    }

    #[test]
    fn whatever_was_taken_is_out_of_the_way_and_a_link_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (taken, victim) = (folder.path().join("bundle"), folder.path().join("victim"));
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("file"), "theirs").unwrap();
        clear(&taken).unwrap();
        fs::create_dir_all(taken.join("below")).unwrap();
        symlink(&victim, taken.join("below/link")).unwrap();
        clear(&taken).unwrap();
        assert!(!taken.exists());
        symlink(&victim, &taken).unwrap();
        clear(&taken).unwrap();
        fs::write(&taken, "a bundle").unwrap();
        clear(&taken).unwrap();
        assert!(taken.symlink_metadata().is_err());
        assert_eq!(fs::read(victim.join("file")).unwrap(), b"theirs");
    }
}
