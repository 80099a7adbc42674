//! `strongroom backup run`

use super::{
    Site, going_back, key, kit,
    progress::Progress,
    state::{self, Head},
};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    backup::{
        engine::{self, Kind, Older},
        info::{Backup, Info},
        record::{Doing, Outcome, Report, Run},
        wal,
    },
    disk,
};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform,
    backup::{self, SignedLog},
};
use std::{fs, path::Path};

/// Runs are a night apart. After more than this a clock that was set wrong would have every older backup let go of.
const JUMP_MAX: SignedDuration = SignedDuration::from_hours(72);
/// A night's run begins a little earlier or later than the last one.
const SLACK: SignedDuration = SignedDuration::from_hours(6);

/// Takes a backup, notes how it went, and gives the note.
pub(crate) fn run(site: &Site, wanted: Option<Kind>) -> Result<Run, CommandError> {
    let began_at = Timestamp::now();
    let progress = Progress::begin(site, Doing::Backup);
    let before = forget_future(site, began_at, &progress);
    let kind = wanted.unwrap_or_else(|| {
        before
            .as_ref()
            .map_or(Kind::Full, |info| due(site, info, began_at))
    });
    let done = before.and_then(|_| carry_out(site, kind, &progress));
    let mut run = Run {
        kind,
        label: None,
        point: None,
        began_at,
        ended_at: Timestamp::now(),
        outcome: Outcome::Failed,
        why: None,
        bytes: 0,
        stored_bytes: 0,
        steps: progress.steps(),
    };
    match &done {
        Ok((backup, point)) => {
            run.outcome = Outcome::Done;
            run.label = Some(backup.label.clone());
            run.point = Some(point.clone());
            (run.bytes, run.stored_bytes) = (backup.bytes, backup.stored_bytes);
        }
        Err(error) => run.why = Some(told(error)),
    }
    site.record.note_run(&run)?;
    site.note(async |platform| backup::note_run(platform, &Caller::host(), &run).await);
    done.map(|_| run)
}

/// What the repository holds, without the backups that say they are of a later time than now: a clock was wrong when they were taken, and
/// the engine refuses each backup whose name is not later than all others. The changes that they needed stay, so that every moment can still
/// be gone back to from the backup before them. Nothing is let go of where it is the clock of now that seems wrong.
fn forget_future(site: &Site, now: Timestamp, progress: &Progress) -> Result<Info, CommandError> {
    let info = engine::info(&site.repository)?;
    let labels = match of_the_future(&info, now) {
        Future::Nothing => return Ok(info),
        Future::WrongNow(label) => {
            let text = format!(
                "the backup {label} says that it is of a later time than now, and nothing shows that the clock was wrong when it was taken: set the clock \
                 right; where it is right, backups go on after that time, or at once after {} was moved aside and a new repository begun with \
                 `strongroom backup enable`",
                site.repository.data().display()
            );
            return Err(CommandError::said(Exit::Failed, text));
        }
        Future::WrongThen(labels) => labels,
    };
    // Before their backups, by which a run after one that was killed knows that there is something to do.
    for path in state::list(&site.repository)? {
        if is_after(&path, now) {
            fs::remove_file(&path).map_err(CommandError::io(format!("cannot remove {}", path.display())))?;
        }
    }
    for label in &labels {
        progress.step(&format!(
            "let go of the backup {label}, which a wrong clock made: it says that it is of a later time than now"
        ));
        engine::forget_name(&site.repository, label)?;
        engine::expire(&site.repository, label)?;
    }
    Ok(engine::info(&site.repository)?)
}

/// What backups of a later time than now mean.
#[derive(Debug, PartialEq, Eq)]
enum Future {
    /// There are none.
    Nothing,
    /// A clock was wrong when they were taken. The newest first: none of them rests on one that was let go of before it.
    WrongThen(Vec<String>),
    /// They follow the others as nights do, so it is now that the clock is wrong; the newest of them.
    WrongNow(String),
}

/// Only a jump between the last backup before now and the first one after it shows that the clock was wrong then. Without a full backup of
/// before nothing could be let go of: the engine keeps the last one whatever it is told.
fn of_the_future(info: &Info, now: Timestamp) -> Future {
    let (past, future): (Vec<&Backup>, Vec<&Backup>) =
        info.backups.iter().partition(|backup| backup.began_at <= now);
    let Some(newest) = future.last() else {
        return Future::Nothing;
    };
    let before = past.iter().map(|backup| backup.began_at).max();
    let after = future.iter().map(|backup| backup.began_at).min();
    let is_jump = before
        .zip(after)
        .is_some_and(|(before, after)| has_jumped(before, after));
    match is_jump && past.iter().any(|backup| backup.is_full()) {
        true => Future::WrongThen(future.iter().rev().map(|backup| backup.label.clone()).collect()),
        false => Future::WrongNow(newest.label.clone()),
    }
}

/// Everything when the last of everything is old enough; what changed since otherwise.
fn due(site: &Site, info: &Info, now: Timestamp) -> Kind {
    let days = i64::from(site.config.backup.full_days);
    let is_recent =
        |full: &Backup| now.duration_since(full.began_at) + SLACK < SignedDuration::from_hours(24 * days);
    match info.newest_full().is_some_and(is_recent) {
        true => Kind::Differential,
        false => Kind::Full,
    }
}

fn carry_out(site: &Site, kind: Kind, progress: &Progress) -> Result<(Backup, String), CommandError> {
    let key = key::read(&site.config)?;
    let cluster = site.cluster()?;
    let older = older(site)?;
    if older == Older::Kept {
        // After the record of this run the next one lets go.
        progress.step(
            "let go of nothing: no backup was tried for days, or the clock is wrong; the next run does",
        );
    }
    progress.step(&format!("back up the cluster ({})", kind.as_str()));
    engine::back_up(&site.repository, kind, older)?;
    let info = engine::info(&site.repository)?;
    let newest = info.backups.last().cloned().ok_or_else(|| {
        CommandError::said(
            Exit::Failed,
            "pgBackRest took a backup and does not list it; run this again",
        )
    })?;
    if newest.has_errors {
        let text = format!(
            "the cluster has pages whose checksum is wrong, as the backup {} found; look at the disk, and restore from \
             an earlier one",
            newest.label
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    // Before the point: what is signed by now is in the database at it.
    let (signed_log, signed_log_unseen) = match signed_log(site) {
        Ok(signed) => (signed, None),
        Err(why) => {
            output::talk(&format!("what was signed of the audit log was not seen: {why}"));
            (None, Some(why))
        }
    };
    progress.step("set a point that drills go back to, with the state of every table");
    let prefix = format!("strongroom-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
    let manifest =
        block_on(async { Ok(backup::mark(&site.superuser(), &site.config.database.name, &prefix).await?) })?;
    progress.step("seal settings, certificates and keys beside it");
    let head = Head {
        label: newest.label.clone(),
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: cluster.name,
        data_folder: cluster.data_folder,
        group: state::group_of(&site.config.path)?,
        manifest,
        signed_log,
        signed_log_unseen,
    };
    state::write(&site.config, &site.repository, &key, &head)?;
    if older == Older::LetGo {
        reap(site, &info, progress)?;
        going_back::forget_overdue(site, Timestamp::now())?;
    }
    look_for_holes(site)?;
    kit::look_again(site)?;
    Ok((newest, head.manifest.point))
}

/// Asked before this run is noted: whether the clock says that nobody backed up for days. Where no run was noted, as on a machine that was
/// rebuilt, the newest backup says when that was.
fn older(site: &Site) -> Result<Older, CommandError> {
    let noted = site.record.runs()?.first().map(|run| run.ended_at);
    let last = match noted {
        Some(at) => Some(at),
        None => engine::info(&site.repository)?
            .backups
            .last()
            .map(|backup| backup.ended_at),
    };
    Ok(older_after(last, Timestamp::now()))
}

fn older_after(last: Option<Timestamp>, now: Timestamp) -> Older {
    match last.is_some_and(|last| has_jumped(last, now)) {
        true => Older::Kept,
        false => Older::LetGo,
    }
}

/// What a drill compares the audit log of its copy with, or why it was not seen. A log that cannot be looked at is no reason to take no
/// backup: the drill says that it was not compared.
fn signed_log(site: &Site) -> Result<Option<SignedLog>, String> {
    let looked = block_on(async {
        let platform = Platform::open(&site.config).await?;
        Ok(backup::signed_log(&platform).await?)
    });
    looked.unwrap_or_else(|error| Err(told(&error)))
}

/// Notes what the repository holds, and which changes are missing in it.
pub(crate) fn look_for_holes(site: &Site) -> Result<(), CommandError> {
    let info = engine::info(&site.repository)?;
    let oldest = info.backups.first().map(|backup| backup.archive_start.clone());
    let names = wal::archived(&site.repository.data())?;
    let report = Report {
        seen_at: Timestamp::now(),
        holes: Some(wal::told_holes(&names, &oldest.unwrap_or_default())),
        gaps: wal::gaps(&names, &info.backups),
        oldest_change_at: wal::oldest_at(&site.repository.data())?,
        info,
        space: disk::space(site.repository.folder()).ok(),
    };
    Ok(site.record.note_report(&report)?)
}

/// Lets go of what is older than it may be, although the engine would keep it.
fn reap(site: &Site, info: &Info, progress: &Progress) -> Result<(), CommandError> {
    let now = Timestamp::now();
    for label in overdue(info, &site.config.backup, now) {
        progress.step(&format!(
            "let go of the backup {label}, which is older than it may be"
        ));
        engine::expire(&site.repository, &label)?;
    }
    let info = engine::info(&site.repository)?;
    let fulls = info.backups.iter().filter(|backup| backup.is_full()).count();
    if fulls > 0 {
        engine::expire_changes(&site.repository, fulls)?;
    }
    let oldest = info.backups.first().map(|backup| backup.began_at);
    for path in state::list(&site.repository)? {
        if oldest.is_some_and(|oldest| is_before(&path, oldest)) {
            fs::remove_file(&path).map_err(CommandError::io(format!("cannot remove {}", path.display())))?;
        }
    }
    Ok(())
}

/// Whether so much time has passed since the last backup that it may not have passed at all.
fn has_jumped(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last) > JUMP_MAX
}

/// Full backups that are older than the retention and the time between two of them, but never the newest.
fn overdue(info: &Info, wish: &config::Backup, now: Timestamp) -> Vec<String> {
    let days = i64::from(wish.days_held());
    let newest = info.newest_full().map(|full| full.label.as_str());
    let is_overdue = |backup: &&Backup| {
        backup.is_full()
            && newest != Some(backup.label.as_str())
            && now.duration_since(backup.ended_at) > SignedDuration::from_hours(24 * days)
    };
    let overdue = info.backups.iter().filter(is_overdue);
    overdue.map(|backup| backup.label.clone()).collect()
}

/// Whether a state's name says a moment before.
fn is_before(path: &Path, moment: Timestamp) -> bool {
    name_of(path).is_some_and(|name| *name < *stamp(moment))
}

/// Whether it says one afterwards.
fn is_after(path: &Path, moment: Timestamp) -> bool {
    name_of(path).is_some_and(|name| *name > *stamp(moment))
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}

fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(label: &str, days_ago: i64, now: Timestamp) -> Backup {
        let at = now - SignedDuration::from_hours(24 * days_ago);
        Backup {
            label: label.to_owned(),
            kind: "full".to_owned(),
            began_at: at,
            ended_at: at,
            bytes: 1,
            stored_bytes: 1,
            archive_start: String::new(),
            archive_stop: String::new(),
            has_errors: false,
        }
    }

    #[test]
    fn what_a_wrong_clock_made_is_let_go_of_beginning_with_the_newest() {
        let now = Timestamp::now();
        let info = Info {
            backups: vec![full("A", 1, now), full("B", -29, now), full("C", -30, now)],
            ..Info::default()
        };
        let both = Future::WrongThen(vec!["C".to_owned(), "B".to_owned()]);
        assert_eq!(of_the_future(&info, now), both);
        assert_eq!(of_the_future(&Info::default(), now), Future::Nothing);
    }

    #[test]
    fn a_run_long_after_the_last_one_lets_go_of_nothing() {
        let now = Timestamp::now();
        let ago = |hours: i64| Some(now - SignedDuration::from_hours(hours));
        for (last, older) in [
            (None, Older::LetGo),
            (ago(24), Older::LetGo),
            (ago(72), Older::LetGo),
            (ago(73), Older::Kept),
            (ago(-24), Older::LetGo),
        ] {
            assert_eq!(older_after(last, now), older, "{last:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_backup_one_of_the_future() {
        let now = Timestamp::now();
        let nightly = |days: std::ops::Range<i64>| Info {
            backups: days
                .rev()
                .map(|days| full(&format!("N{days}"), days, now))
                .collect(),
            ..Info::default()
        };
        assert_eq!(of_the_future(&nightly(0..9), now), Future::Nothing);
        let back = now - SignedDuration::from_hours(8 * 24);
        let refused = Future::WrongNow("N0".to_owned());
        assert_eq!(of_the_future(&nightly(0..16), back), refused);
        assert_eq!(of_the_future(&nightly(0..4), back), refused, "all of them");
    }

    #[test]
    fn what_is_older_than_it_may_be_goes_and_the_newest_full_backup_never() {
        let now = Timestamp::now();
        let wish = config::Backup {
            folder: "/srv".into(),
            record: "/srv".into(),
            retention_days: 7,
            full_days: 7,
            second: None,
            second_bytes_per_second: None,
        };
        let mut info = Info {
            backups: vec![full("A", 16, now), full("B", 9, now), full("C", 2, now)],
            ..Info::default()
        };
        assert_eq!(overdue(&info, &wish, now), ["A"]);
        info.backups = vec![full("A", 40, now)];
        assert!(
            overdue(&info, &wish, now).is_empty(),
            "the last backup was let go of"
        );
    }
}
