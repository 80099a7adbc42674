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
use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::{Duration, Instant, SystemTime},
};

/// A file that somebody copies here is whole when it has not changed for this long.
const STILL: Duration = Duration::from_secs(3);
/// A copy that takes longer is looked at as it is.
const STILL_WAIT_MAX: Duration = Duration::from_secs(30 * 60);
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
            let verdict = take(common, &name)?;
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

fn take(common: &Common, name: &str) -> Result<Verdict, CommandError> {
    let (lying, taken) = (Path::new(SPOOL).join(name), Path::new(TAKEN).join("bundle"));
    wait_until_still(&lying);
    // Within one file system; a link is moved and not followed.
    fs::rename(&lying, &taken).map_err(CommandError::io(format!("cannot take {}", lying.display())))?;
    let (bytes, found) = look_at(common, &taken);
    fs::remove_file(&taken).map_err(CommandError::io(format!("cannot remove {}", taken.display())))?;
    Ok(Verdict {
        name: name.to_owned(),
        bytes,
        at: Timestamp::now(),
        found,
    })
}

fn look_at(common: &Common, taken: &PathBuf) -> (u64, Found) {
    let refused = |why: String| Found::Refused { why };
    let metadata = match fs::symlink_metadata(taken) {
        Ok(metadata) => metadata,
        Err(error) => return (0, refused(format!("it cannot be looked at ({error})"))),
    };
    if !metadata.is_file() {
        return (
            0,
            refused("it is a link, a pipe or a folder, and no bundle".to_owned()),
        );
    }
    let found = match import(common, &Here::default(), taken) {
        Ok((manifest, _)) => Found::Imported {
            sequence: manifest.sequence,
            version: manifest.version.to_string(),
        },
        Err(error) => refused(told(&error)),
    };
    (metadata.len(), found)
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
        thread::sleep(Duration::from_millis(500));
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
