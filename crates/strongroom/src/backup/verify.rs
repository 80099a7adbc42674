//! `strongroom backup verify`: every file read, every state opened, and the newest change compared with what the database
//! has handed over.

use super::{Site, key, progress::Progress, state};
use crate::{failure::CommandError, failure::told, host::block_on, output};
use ::host::backup::{
    Repository,
    plain::{self, Searched},
    record::{Doing, Location, Verification},
    verify::{self, Verified},
};
use config::SecondLocation;
use jiff::Timestamp;
use platform::backup;

/// What the engine and we found wrong, and what can be read.
pub(super) type Found = (Verified, Option<Searched>);

/// Looks at the first location, notes what was found, and gives it.
pub(crate) fn first(site: &Site) -> Result<Verification, CommandError> {
    let progress = Progress::begin(site, Doing::Verification);
    // Before the files: what is handed over while they are read need not be among them.
    let archiver = block_on(async { Ok(backup::archiver(&site.superuser()).await?) });
    progress.step("read every file of the repository");
    let found = archiver.and_then(|archiver| {
        let (mut found, searched) = look(site, &site.repository)?;
        found
            .faults
            .extend(behind(archiver.last.as_deref(), found.newest_change.as_deref()));
        Ok((found, searched))
    });
    note(site, Location::First, found)
}

/// The repository's own files, and the states beside it.
pub(super) fn look(site: &Site, repository: &Repository) -> Result<Found, CommandError> {
    let key = key::read(&site.config)?;
    let mut found = verify::look(repository)?;
    let states = state::list(repository)?;
    if states.is_empty() {
        found
            .faults
            .push("no backup has the settings and keys beside it".to_owned());
    }
    for path in states {
        if let Err(error) = state::open(&path, &key) {
            found.faults.push(told(&error));
        }
    }
    output::talk("  search it for what stands in the database in the clear");
    let database = &site.config.database.name;
    let known = block_on(async { Ok(backup::known_values(&site.superuser(), database).await?) })?;
    let searched = plain::search(repository, &known)?;
    let told = searched
        .readable
        .iter()
        .map(|path| format!("{path} can be read without a key"));
    found.faults.extend(told);
    Ok((found, Some(searched)))
}

/// What the database has handed over must be there.
fn behind(handed_over: Option<&str>, newest: Option<&str>) -> Option<String> {
    let handed_over = handed_over?;
    // Only files of changes: the archiver also hands over short notes.
    let is_change = handed_over.len() == 24 && newest.is_none_or(|newest| newest < handed_over);
    is_change.then(|| {
        format!(
            "PostgreSQL handed over {handed_over}, and the newest change here is {}",
            newest.unwrap_or("none")
        )
    })
}

pub(super) fn note(
    site: &Site,
    of: Location,
    found: Result<Found, CommandError>,
) -> Result<Verification, CommandError> {
    let why = found.as_ref().err().map(told);
    let (found, searched) = found.map_or((None, None), |(found, searched)| (Some(found), searched));
    let second = site.config.backup.second.as_ref().map(SecondLocation::shown);
    let verification = Verification {
        of,
        place: second.filter(|_| of == Location::Second),
        at: Timestamp::now(),
        found,
        searched,
        why,
    };
    site.record.note_verification(&verification)?;
    Ok(verification)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_was_handed_over_and_is_not_there_is_told() {
        let (one, two) = ("000000010000000000000004", "000000010000000000000005");
        assert_eq!(behind(Some(one), Some(two)), None);
        assert_eq!(behind(None, Some(one)), None);
        assert_eq!(
            behind(Some("000000010000000000000009.00000028.backup"), Some(one)),
            None
        );
        assert!(behind(Some(two), Some(one)).unwrap().contains(two));
        assert!(behind(Some(two), None).is_some());
    }
}
