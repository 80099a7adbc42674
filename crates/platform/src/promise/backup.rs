//! Backups that are taken, encrypted, kept elsewhere and let go of, restored to see that they work, and enough to rebuild
//! from: judged by root's record on this machine and by what PostgreSQL itself says of archiving.
//!
//! Invariant: where backups are not switched on, or nothing was looked at yet, nothing is known and nothing is kept.

pub(super) mod alert;
mod copies;
mod deleted;
mod moment;
mod nightly;
mod restore;

use crate::{Platform, error::Result};
use host::backup::{
    BackupError,
    record::{Copied, Drill, Folder, Kit, Location, Report, Run, Verification},
};
use jiff::Timestamp;
use promises::Outcome;
use store::{
    backup::Archiver,
    control::{archiver, deletion},
};

pub(super) const NIGHTLY: &str = "backup-nightly";
pub(super) const ENCRYPTED: &str = "backup-encrypted";
pub(super) const SECOND: &str = "backup-second-location";
pub(super) const RETENTION: &str = "backup-retention";
pub(super) const DELETED: &str = "deletion-backups";
pub(super) const TESTED: &str = "restore-tested";
pub(super) const RECOVERY: &str = "disaster-recovery";
pub(super) const MOMENT: &str = "restore-point-in-time";
pub(super) const ALERT: &str = "backup-alert";

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// A night, and the time that a long backup takes.
const NIGHT_MAX: i64 = 36 * HOUR;
/// A week, and a day for a machine that was off.
const WEEK_MAX: i64 = 8 * DAY;
/// The promise's own bound on drills, and ours on the kit.
const QUARTER: i64 = 90 * DAY;

/// What there is to judge by.
#[derive(Debug, Clone)]
struct Ground {
    now: Timestamp,
    wish: config::Backup,
    archiver: Option<Archiver>,
    alerts: Option<alert::Alerts>,
    runs: Vec<Run>,
    drills: Vec<Drill>,
    report: Option<Report>,
    first: Option<Verification>,
    second: Option<Verification>,
    copied: Option<Copied>,
    copied_well: Option<Copied>,
    kit: Option<Kit>,
}

pub(super) async fn look(platform: &Platform, id: &str) -> Result<Outcome> {
    let mut ground = match read(platform) {
        Ok(ground) => ground,
        Err(error) => return Ok(Outcome::could_not_look(error.to_string())),
    };
    if ground.runs.is_empty() {
        let why =
            "no backup was ever taken here; run `strongroom backup enable`, then `strongroom backup run`";
        return Ok(Outcome::could_not_look(why));
    }
    if id == NIGHTLY || id == MOMENT {
        ground.archiver = Some(archiver::look(&mut platform.control().read().await?).await?);
    }
    if id == ALERT {
        ground.alerts = Some(alert::read(platform).await?);
    }
    if id == DELETED {
        let all = deletion::list(&mut platform.control().read().await?).await?;
        let finished = all
            .into_iter()
            .filter_map(|one| Some((one.slug, one.finished_at?)));
        return Ok(deleted::deleted(&ground, &finished.collect::<Vec<_>>()));
    }
    Ok(judge(id, &ground))
}

fn judge(id: &str, ground: &Ground) -> Outcome {
    match id {
        NIGHTLY => nightly::nightly(ground),
        RETENTION => nightly::retention(ground),
        ENCRYPTED => copies::encrypted(ground),
        SECOND => copies::second(ground),
        TESTED => restore::tested(ground),
        RECOVERY => restore::recovery(ground),
        MOMENT => moment::moment(ground),
        ALERT => alert::told(ground),
        other => Outcome::could_not_look(format!("no check of backups looks at {other}")),
    }
}

fn read(platform: &Platform) -> std::result::Result<Ground, BackupError> {
    let wish = platform.settings().backup.clone();
    let folder = Folder::at(&wish.record);
    let (copied, copied_well) = folder.copied()?;
    Ok(Ground {
        now: platform.now(),
        wish,
        archiver: None,
        alerts: None,
        runs: folder.runs()?,
        drills: folder.drills()?,
        report: folder.report()?,
        first: folder.verification(Location::First)?,
        second: folder.verification(Location::Second)?,
        copied,
        copied_well,
        kit: folder.kit()?,
    })
}

impl Ground {
    /// Seconds since then; none for what lies in the future, which a wrong clock made.
    fn age(&self, at: Timestamp) -> i64 {
        let seconds = self.now.as_second() - at.as_second();
        // What seems to be of the future is as good as old.
        if seconds < -HOUR { i64::MAX } else { seconds }
    }
}

#[cfg(test)]
mod tests;
