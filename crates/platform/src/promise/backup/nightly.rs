//! Taken every night, changes archived all the time; and let go of when it is time.

use super::{super::look::Look, DAY, Ground, HOUR, NIGHT_MAX};
use host::backup::record::Outcome as Ended;
use promises::Outcome;
use store::backup::Archiver;

/// A file of changes that is under way while the next one begins.
const FILES_BEHIND_MAX: i64 = 3;

pub(super) fn nightly(ground: &Ground) -> Outcome {
    let mut look = Look::new();
    let newest = ground.runs.first();
    let done = ground.runs.iter().find(|run| run.outcome == Ended::Done);
    if let Some(failed) = newest.filter(|run| run.outcome == Ended::Failed) {
        let why = failed.why.as_deref().unwrap_or("it was cut off");
        look.fault(
            format!("the last backup failed: {why}"),
            failed.ended_at.to_string(),
            "run `strongroom backup run`",
        );
    }
    match done {
        Some(run) if ground.age(run.ended_at) <= NIGHT_MAX => {}
        Some(run) => look.fault(
            "no backup was taken for more than a night",
            format!("the last is of {}", run.ended_at),
            "look at `systemctl list-timers strongroom-backup.timer`, and run `strongroom backup run`",
        ),
        None => look.fault(
            "no backup ever went well",
            "the record",
            "run `strongroom backup run`",
        ),
    }
    if let Some(archiver) = &ground.archiver {
        archiving(archiver, &mut look);
    }
    if let Some(space) = ground.report.as_ref().and_then(|report| report.space)
        && space.is_little()
    {
        look.fault(
            format!("the repository's disk is nearly full: {}", space.told()),
            ground.wish.folder.display().to_string(),
            "make room, or move it to a larger disk",
        );
    }
    let last = done.map_or_else(|| "none".to_owned(), |run| run.ended_at.to_string());
    let archived = ground.archiver.as_ref().and_then(|archiver| archiver.last_at);
    look.fact("last backup that went well", last)
        .fact(
            "last change archived",
            archived.map_or_else(|| "none".to_owned(), |at| at.to_string()),
        )
        .done()
}

fn archiving(archiver: &Archiver, look: &mut Look) {
    const ADVICE: &str = "look at PostgreSQL's log and at the space of the repository; `strongroom backup enable` sets it up again";
    if !archiver.is_on {
        look.fault("PostgreSQL archives no changes", "archive_mode", ADVICE);
    }
    if archiver.failed_at > archiver.last_at {
        let file = archiver.failed.as_deref().unwrap_or("a file");
        look.fault(format!("{file} could not be archived"), "the archive", ADVICE);
    }
    if archiver.files_behind > FILES_BEHIND_MAX {
        let what = format!("{} files of changes wait to be archived", archiver.files_behind);
        look.fault(what, "the archive", ADVICE);
    }
}

pub(super) fn retention(ground: &Ground) -> Outcome {
    let Some(report) = &ground.report else {
        return Outcome::could_not_look("nobody looked into the repository yet; run `strongroom backup run`");
    };
    let mut look = Look::new();
    let wish = &ground.wish;
    let days = i64::from(wish.days_held()) + 1;
    let backups = &report.info.backups;
    if ground.age(report.seen_at) > NIGHT_MAX {
        let advice = "run `strongroom backup run`; old backups are let go of after it";
        look.fault(
            "nothing was let go of for more than a night",
            report.seen_at.to_string(),
            advice,
        );
    }
    for old in backups
        .iter()
        .filter(|backup| ground.age(backup.ended_at) > days * DAY)
    {
        let what = format!("the backup {} is older than it may be", old.label);
        look.fault(
            what,
            old.ended_at.to_string(),
            "run `strongroom backup run`, and look why it was kept",
        );
    }
    let shown = |at: Option<jiff::Timestamp>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    look.fact("restorable from", shown(report.info.restorable_from()))
        .fact(
            "newest backup",
            shown(backups.last().map(|backup| backup.ended_at)),
        )
        .fact("kept for, in days", wish.retention_days)
        .fact("the oldest goes after, in days", days)
        .fact("hours since it was looked at", ground.age(report.seen_at) / HOUR)
        .done()
}
