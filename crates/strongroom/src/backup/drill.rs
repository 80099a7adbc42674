//! `strongroom backup drill`: a restore that is really carried out, aside, and looked at.
//!
//! Invariants: nothing of the running platform is read to judge the copy, and none of its keys open it: what the backup
//! holds must be enough. The copy and the keys that were taken out for it are gone afterwards; the keys lie in memory only.

use super::{
    Site, key,
    progress::Progress,
    state::{self, Head, State},
    superuser_at,
};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
};
use ::host::{
    backup::{
        Repository,
        engine::{self, Target, Use},
        record::{Check, Doing, Drill, Location, MOMENT, ORGANIZATION, Outcome},
        scratch::{self, Scratch},
    },
    disk,
    passing::Passing,
};
use config::Config;
use jiff::Timestamp;
use platform::{
    Caller, Platform,
    backup::{self, Manifest, Marks},
    database::{self, AdminAccess},
    restore::{Rehearsed, rehearse},
};
use std::time::Instant;
use vault::Secret;

/// Left free beside the copy.
const SPARE_BYTES: u64 = 512 << 20;

/// What a drill has seen so far.
struct Log {
    checks: Vec<Check>,
    progress: Progress,
}

/// Carries one out from a repository, notes how it went, and gives the note.
pub(crate) fn drill(
    site: &Site,
    from: Location,
    repository: &Repository,
    key: &Key,
) -> Result<Drill, CommandError> {
    let mut drill = Drill {
        from,
        with_kit: matches!(key, Key::OfKit(_)),
        label: None,
        point: None,
        point_at: None,
        moment: None,
        began_at: Timestamp::now(),
        ended_at: Timestamp::now(),
        outcome: Outcome::Failed,
        why: None,
        checks: Vec::new(),
    };
    let mut log = Log {
        checks: Vec::new(),
        progress: Progress::begin(site, Doing::Drill),
    };
    let (Key::Own(secret) | Key::OfKit(secret)) = key;
    let done = carry_out(site, repository, secret, &mut drill, &mut log);
    drill.checks = log.checks;
    drill.ended_at = Timestamp::now();
    match &done {
        Ok(()) => drill.outcome = Outcome::Done,
        Err(error) => drill.why = Some(told(error)),
    }
    site.record.note_drill(&drill)?;
    site.note(async |platform| backup::note_drill(platform, &Caller::host(), &drill).await);
    Ok(drill)
}

/// Whose key opens the backup.
#[derive(Debug)]
pub(crate) enum Key {
    /// The machine's own.
    Own(Secret<32>),
    /// The recovery kit's.
    OfKit(Secret<32>),
}

/// The key of this machine.
pub(crate) fn own_key(site: &Site) -> Result<Key, CommandError> {
    Ok(Key::Own(key::read(&site.config)?))
}

fn carry_out(
    site: &Site,
    repository: &Repository,
    key: &Secret<32>,
    drill: &mut Drill,
    log: &mut Log,
) -> Result<(), CommandError> {
    let state = log.step("settings and keys", || {
        let state = state::newest(repository, key)?;
        let said = format!("those of the backup {} open", state.head.label);
        Ok((state, said))
    })?;
    drill.label = Some(state.head.label.clone());
    drill.point = Some(state.head.manifest.point.clone());
    drill.point_at = Some(state.head.manifest.at);
    let escrow = Escrow::take_out(&state)?;
    let scratch = Scratch::make(&site.repository.drill().join("copy"), state.head.manifest.major)?;
    let looked = restore(repository, &state, &scratch, log)
        .and_then(|()| look(&state, &escrow, &scratch, log))
        .and_then(|()| match drill.from {
            Location::First => go_to_moment(site, &state, &escrow, &scratch, log).map(Some),
            // What is committed now is there only after the next copy.
            Location::Second => Ok(None),
        });
    let removed = scratch.remove();
    drill.moment = looked?;
    Ok(removed?)
}

/// Restored, and replayed to the point: where the changes end before it, the server says so and does not come up.
fn restore(
    repository: &Repository,
    state: &State,
    scratch: &Scratch,
    log: &mut Log,
) -> Result<(), CommandError> {
    let manifest = &state.head.manifest;
    log.step("room", || room(repository, &state.head.label, scratch))?;
    log.step("restore", || {
        let target = Target::Point {
            name: manifest.point.clone(),
            backup: Some(state.head.label.clone()),
        };
        engine::restore(repository, &target, &scratch.data(), Use::Aside)?;
        Ok(((), format!("the backup {} is laid out", state.head.label)))
    })?;
    log.step("replay", || {
        scratch.start()?;
        Ok((
            (),
            format!("it came up at {}, set at {}", manifest.point, manifest.at),
        ))
    })
}

fn set_marks(site: &Site) -> Result<(Marks, String), CommandError> {
    let database = &site.config.database.name;
    let marks = block_on(async { Ok(backup::set_marks(&site.superuser(), database).await?) })?;
    let said = format!("set on both sides of {} and archived", marks.moment);
    Ok((marks, said))
}

/// The same copy once more, to a moment after the backup; and in it one organization taken back and forth.
fn go_to_moment(
    site: &Site,
    state: &State,
    escrow: &Escrow,
    scratch: &Scratch,
    log: &mut Log,
) -> Result<Timestamp, CommandError> {
    let marks = log.step("marks", || set_marks(site))?;
    let config = escrow.config(state, scratch)?;
    let copy = superuser_at(&scratch.socket(), scratch::PORT);
    log.step(MOMENT, || {
        scratch.stop()?;
        let target = Target::moment(marks.moment);
        engine::restore(&site.repository, &target, &scratch.data(), Use::AsideAgain)?;
        scratch.start()?;
        let seen = block_on(async { Ok(backup::see_marks(&copy, &config.database.name, &marks).await?) })?;
        match seen {
            Ok(()) => Ok(((), format!("it stands between both marks, at {}", marks.moment))),
            Err(why) => Err(CommandError::said(Exit::Failed, why)),
        }
    })?;
    log.step(ORGANIZATION, || {
        let rehearsed = block_on(async {
            let copy = Platform::open(&config).await?;
            Ok(rehearse(&copy, marks.moment).await?)
        })?;
        Ok((
            (),
            match rehearsed {
                Rehearsed::Done { records } => {
                    format!("{records} records went back and forth, and the log is whole")
                }
                Rehearsed::NothingDiffers => {
                    "nothing differed within a week, so there was nothing to take back".to_owned()
                }
                Rehearsed::TooMuch { records } => {
                    format!("not rehearsed: the least that differed within a week is {records} records, too many for a drill")
                }
            },
        ))
    })?;
    Ok(marks.moment)
}

fn room(repository: &Repository, label: &str, scratch: &Scratch) -> Result<((), String), CommandError> {
    let info = engine::info(repository)?;
    let backup = info.backups.into_iter().find(|backup| backup.label == label);
    let backup = backup.ok_or_else(|| {
        let text = format!("the backup {label} is not in the repository any more; take another");
        CommandError::said(Exit::NotFound, text)
    })?;
    let data = scratch.data();
    let space = disk::space(&data).map_err(CommandError::io(format!("cannot look at {}", data.display())))?;
    let wanted = backup.bytes + SPARE_BYTES;
    if space.free_bytes < wanted {
        let text = format!(
            "the disk of {} has {} MB free, and a drill needs {} MB; make room and run this again",
            data.display(),
            space.free_bytes / 1_000_000,
            wanted / 1_000_000
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(((), format!("{} MB are needed and free", wanted / 1_000_000)))
}

fn look(state: &State, escrow: &Escrow, scratch: &Scratch, log: &mut Log) -> Result<(), CommandError> {
    let config = escrow.config(state, scratch)?;
    let database = config.database.name.clone();
    let copy = superuser_at(&scratch.socket(), scratch::PORT);
    let manifest = &state.head.manifest;
    log.step("rows", || rows(&copy, &database, manifest))?;
    log.step("audit log", || signed_log(&config, &state.head))?;
    log.step("keys", || open(&config, &copy))?;
    log.step("pages and indexes", || {
        scratch.check(&database)?;
        Ok(((), "PostgreSQL finds nothing wrong".to_owned()))
    })
}

fn rows(copy: &AdminAccess, database: &str, manifest: &Manifest) -> Result<((), String), CommandError> {
    let compared = block_on(async { Ok(backup::compare(copy, database, manifest).await?) })?;
    match compared {
        Ok(rows) => Ok((
            (),
            format!("{rows} rows in {} tables are as they were", manifest.tables.len()),
        )),
        Err(why) => Err(CommandError::said(Exit::Failed, why)),
    }
}

/// Everything sealed opens with the keys that were in the backup, and every log is whole. What an earlier release has left is brought to
/// this one first, as a restore would: the rows were compared before.
fn open(config: &Config, admin: &AdminAccess) -> Result<((), String), CommandError> {
    let opened = block_on(async {
        database::migrate(admin, config).await?;
        let copy = Platform::open(config).await?;
        Ok(backup::open_all(&copy).await?)
    })?;
    if let Some(fault) = opened.faults.first() {
        let text = format!(
            "{} faults in the restored logs, such as: {fault}",
            opened.faults.len()
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    let disorder = match opened.out_of_order {
        0 => String::new(),
        count => format!(
            "; {count} stand after later ones, as in the log that was backed up: `strongroom audit check` names them"
        ),
    };
    let said = format!(
        "{} entries and {} records of {} organizations open with the keys in the backup{disorder}",
        opened.entries, opened.records, opened.organizations
    );
    Ok(((), said))
}

/// The leaves of the copy have the root that was signed when the backup was taken.
fn signed_log(config: &Config, head: &Head) -> Result<((), String), CommandError> {
    let Some(wanted) = &head.signed_log else {
        return Ok(((), nothing_signed(head.signed_log_unseen.as_deref())));
    };
    let seen = block_on(async {
        let copy = Platform::open(config).await?;
        Ok(backup::see_log(&copy, wanted).await?)
    })?;
    match seen {
        Ok(()) => Ok((
            (),
            format!("{} leaves have the root that was signed", wanted.leaves),
        )),
        Err(why) => Err(CommandError::said(Exit::Failed, why)),
    }
}

/// What is said of a log that there is nothing to compare with. The rest of the drill counts all the same: that the log cannot be read
/// is told by its own promises.
fn nothing_signed(unseen: Option<&str>) -> String {
    unseen.map_or_else(
        || "nothing of it was signed when the backup was taken".to_owned(),
        |why| format!("not compared: what was signed was not seen when the backup was taken, because {why}"),
    )
}

impl Log {
    /// Does one thing, and keeps how long it took and what it came to.
    fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(T, String), CommandError>,
    ) -> Result<T, CommandError> {
        self.progress.step(name);
        let began = Instant::now();
        let done = work();
        let said = match &done {
            Ok((_, said)) => said.clone(),
            Err(error) => told(error),
        };
        self.checks.push(Check {
            name: name.to_owned(),
            is_right: done.is_ok(),
            said,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        done.map(|(value, _)| value)
    }
}

/// Keys and settings out of a backup, in memory; gone with this value.
struct Escrow(Passing);

impl Escrow {
    fn take_out(state: &State) -> Result<Self, CommandError> {
        let escrow = Self(Passing::make("drill")?);
        state.extract(escrow.0.path())?;
        Ok(escrow)
    }

    /// The settings of then, with the copy in the database's place.
    fn config(&self, state: &State, scratch: &Scratch) -> Result<Config, CommandError> {
        let mut config = state.config(self.0.path())?;
        config.database.host = scratch.socket();
        config.database.port = scratch::PORT;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_was_not_seen_is_not_said_to_have_been_unsigned() {
        assert!(nothing_signed(None).contains("nothing of it was signed"));
        let unseen = nothing_signed(Some("its folder is away"));
        assert!(
            unseen.contains("not compared") && unseen.contains("its folder is away"),
            "{unseen}"
        );
    }
}
