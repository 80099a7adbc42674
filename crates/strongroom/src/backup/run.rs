//! `strongroom backup run`

use super::{
    Site, going_back, key, kit,
    progress::Progress,
    state::{self, Head},
};
use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
};
use ::host::backup::{
    engine::{self, Kind},
    info::{Backup, Info},
    record::{Doing, Outcome, Report, Run},
    wal,
};
use jiff::{SignedDuration, Timestamp};
use platform::{Caller, backup};
use std::{fs, path::Path};

/// A night's run begins a little earlier or later than the last one.
const SLACK: SignedDuration = SignedDuration::from_hours(6);

/// Takes a backup, notes how it went, and gives the note.
pub(crate) fn run(site: &Site, wanted: Option<Kind>) -> Result<Run, CommandError> {
    let began_at = Timestamp::now();
    let progress = Progress::begin(site, Doing::Backup);
    let before = engine::info(&site.repository);
    let kind = wanted.unwrap_or_else(|| {
        before
            .as_ref()
            .map_or(Kind::Full, |info| due(site, info, began_at))
    });
    let done = before
        .map_err(CommandError::from)
        .and_then(|_| carry_out(site, kind, &progress));
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
    progress.step(&format!("back up the cluster ({})", kind.as_str()));
    engine::back_up(&site.repository, kind)?;
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
    };
    state::write(&site.config, &site.repository, &key, &head)?;
    reap(site, &info, progress)?;
    going_back::forget_overdue(site, Timestamp::now())?;
    look_for_holes(site)?;
    kit::look_again(site)?;
    Ok((newest, head.manifest.point))
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
        info,
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
    let oldest = engine::info(&site.repository)?
        .backups
        .first()
        .map(|backup| backup.began_at);
    for path in state::list(&site.repository)? {
        if oldest.is_some_and(|oldest| is_before(&path, oldest)) {
            fs::remove_file(&path).map_err(CommandError::io(format!("cannot remove {}", path.display())))?;
        }
    }
    Ok(())
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
    let stamp = moment.strftime("%Y%m%dT%H%M%SZ").to_string();
    path.file_stem()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name < stamp.as_str())
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
