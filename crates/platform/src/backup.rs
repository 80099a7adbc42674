//! Backups and drills, as far as they touch the database: points with the state of every table, what a restored copy must
//! hold, and their entries in the appliance's log.
//!
//! Invariant: a copy is judged by what was written down when its backup was taken, and never by the database that runs.

mod log;
mod opened;
mod standing;
mod start;

pub use crate::delivery::Delivery;
pub use log::{SignedLog, see_log, signed_log};
pub use opened::{Opened, open_all};
pub use standing::{Place, Record, Standing, Told, standing};
pub use start::{Started, start_now, test_alert};

use crate::{
    Caller, Platform,
    act::{Act, Object},
    database::AdminAccess,
    error::{Failure, PlatformError, Result},
};
use std::{
    error::Error,
    time::{Duration, Instant},
};
use store::{StoreError, backup as rows, connect::Client};
use types::ProblemCode;

/// Root's records, as pages show them.
pub use host::{
    backup::{
        engine::Kind,
        info::Backup,
        record::{
            Check, Copied, Doing, Drill, GoingBack, GoingPhase, Kit, Location, Outcome, Report, Run, Step,
            UnderWay, Verification,
        },
        verify::Verified,
        wal::Gap,
    },
    disk::Space,
};
pub use store::backup::{Archiver, Manifest, Marks, TableDigest};

/// How long the archive may take for the changes of a minute.
const ARCHIVE_DEADLINE: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Replaying the changes of a week.
const REPLAY_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// A server that starts answers at once, if only that it does.
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// Most tables that one sentence names.
const NAMED_MAX: usize = 5;

/// Sets a point whose name begins with `prefix`, takes the state of every table at it, and waits until a copy could be
/// restored to it.
///
/// # Errors
/// `unavailable`; `timeout` when the archive does not take the changes within five minutes.
pub async fn mark(admin: &AdminAccess, database: &str, prefix: &str) -> Result<Manifest> {
    let (client, beside) = (admin.connect(database).await?, admin.connect(database).await?);
    let manifest = rows::mark(&client, &beside, prefix).await?;
    wait_archived(&client, &manifest.change).await?;
    Ok(manifest)
}

async fn wait_archived(client: &Client, change: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let archiver = rows::archiver(client).await?;
        // Names of one timeline sort as they follow one another.
        if archiver.last.is_some_and(|last| last.as_str() >= change) {
            return Ok(());
        }
        if began.elapsed() > ARCHIVE_DEADLINE {
            let detail = format!(
                "the archive did not take {change} within {} s; look at PostgreSQL's log and at the space of the repository",
                ARCHIVE_DEADLINE.as_secs()
            );
            return Err(PlatformError::new(ProblemCode::Timeout, detail));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Sets marks on both sides of a moment, and waits until a copy could be restored to it.
///
/// # Errors
/// `unavailable`; `timeout` when the archive does not take the changes within five minutes.
pub async fn set_marks(admin: &AdminAccess, database: &str) -> Result<Marks> {
    let client = admin.connect(database).await?;
    let marks = rows::set_marks(&client).await?;
    wait_archived(&client, &marks.change).await?;
    Ok(marks)
}

/// Whether a copy stands exactly at the moment: what ended before it is there, and what began after it is not. Gives what is
/// wrong. To be asked before anything is written there.
///
/// # Errors
/// `unavailable` when the copy cannot be read.
pub async fn see_marks(
    copy: &AdminAccess,
    database: &str,
    marks: &Marks,
) -> Result<std::result::Result<(), &'static str>> {
    let seen = rows::see_marks(&copy.connect(database).await?, marks).await?;
    Ok(match (seen.before, seen.after) {
        (true, false) => Ok(()),
        (false, _) => Err("what was committed just before the moment is not there"),
        (true, true) => Err("what was committed just after the moment is there"),
    })
}

/// How archiving goes, as any login may see it.
///
/// # Errors
/// `unavailable`.
pub async fn archiver(admin: &AdminAccess) -> Result<Archiver> {
    Ok(rows::archiver(&admin.connect("postgres").await?).await?)
}

/// Values that stand in the database in the clear, by which a copy that is not encrypted is known; never shown.
///
/// # Errors
/// `unavailable`.
pub async fn known_values(admin: &AdminAccess, database: &str) -> Result<Vec<String>> {
    Ok(rows::known_values(&admin.connect(database).await?).await?)
}

/// Compares every table of a copy with what was written down at its point; gives how many rows there are, or in what the
/// copy differs.
///
/// # Errors
/// `unavailable` when the copy cannot be read.
pub async fn compare(
    copy: &AdminAccess,
    database: &str,
    manifest: &Manifest,
) -> Result<std::result::Result<i64, String>> {
    if !manifest.is_exact {
        let why = "somebody wrote all the time when the point was set, so there is nothing exact to compare with; take \
                   another backup";
        return Ok(Err(why.to_owned()));
    }
    let found = rows::digests(&copy.connect(database).await?).await?;
    Ok(differences(&manifest.tables, &found))
}

fn differences(wanted: &[TableDigest], found: &[TableDigest]) -> std::result::Result<i64, String> {
    let missing = wanted.iter().filter(|table| !found.contains(table));
    let added = found
        .iter()
        .filter(|table| wanted.iter().all(|other| other.name != table.name));
    let named: Vec<&str> = missing.chain(added).map(|table| table.name.as_str()).collect();
    match named.as_slice() {
        [] if wanted.is_empty() => Err("there are no tables to compare".to_owned()),
        [] => Ok(wanted.iter().map(|table| table.rows).sum()),
        some => Err(format!(
            "{} tables are not as they were: {}",
            some.len(),
            some[..some.len().min(NAMED_MAX)].join(", ")
        )),
    }
}

/// Notes a backup in the appliance's log.
///
/// # Errors
/// `unavailable`.
pub async fn note_run(platform: &Platform, caller: &Caller, run: &Run) -> Result<()> {
    let action = match run.outcome {
        Outcome::Done => "backup.done",
        Outcome::Failed => "backup.failed",
    };
    let label = run.label.as_deref().unwrap_or("none");
    note(
        platform,
        caller,
        action,
        Object::new("backup", label),
        run.kind.as_str(),
    )
    .await
}

/// Notes a drill in the appliance's log, with everything that was looked at.
///
/// # Errors
/// `unavailable`.
pub async fn note_drill(platform: &Platform, caller: &Caller, drill: &Drill) -> Result<()> {
    let action = match drill.outcome {
        Outcome::Done => "backup.drill-passed",
        Outcome::Failed => "backup.drill-failed",
    };
    let label = drill.label.as_deref().unwrap_or("none");
    let seen: Vec<String> = drill
        .checks
        .iter()
        .map(|check| format!("{}: {}", check.name, check.said))
        .collect();
    let said = format!(
        "from the {} location, to {}; {}",
        drill.from.as_str(),
        drill.point.as_deref().unwrap_or("no point"),
        seen.join("; ")
    );
    note(platform, caller, action, Object::new("backup", label), &said).await
}

/// Notes another act on backups in the appliance's log: switched on, a recovery kit made, a copy gone back to.
///
/// # Errors
/// `unavailable`.
pub async fn note_act(platform: &Platform, caller: &Caller, action: BackupAct, said: &str) -> Result<()> {
    note(platform, caller, action.as_str(), Object::unknown("backup"), said).await
}

/// Ends every session, token, invitation and one-time link of a platform that was rebuilt or gone back with, and notes it:
/// what was ended since would live again. Answers how many.
///
/// # Errors
/// `unavailable`.
pub async fn begin_anew(platform: &Platform, caller: &Caller, said: &str) -> Result<usize> {
    let act = Act::restore(BackupAct::Restored.as_str(), Object::unknown("backup")).because(said);
    let entry = platform.entry(caller, None, &act)?;
    let mut tx = platform.control().begin().await?;
    let ended = store::control::revival::end_all(&mut tx, platform.now()).await?;
    tx.commit(&entry, &[]).await?;
    Ok(ended)
}

/// Waits until a cluster that replays its changes is done with that. Until it is consistent it answers that it starts up, which takes
/// longer than any command that starts it waits.
///
/// # Errors
/// `unavailable` where nothing answers for five minutes, or it cannot be asked; `timeout` after six hours.
pub async fn wait_replayed(admin: &AdminAccess) -> Result<()> {
    let began = Instant::now();
    let mut heard = began;
    loop {
        match is_replaying(admin).await {
            Ok(false) => return Ok(()),
            Ok(true) => heard = Instant::now(),
            Err(error) => match reach(&error) {
                Reach::StartsUp => heard = Instant::now(),
                Reach::Silent if heard.elapsed() <= SILENCE_MAX => {}
                Reach::Silent | Reach::Refused => return Err(error),
            },
        }
        if began.elapsed() > REPLAY_DEADLINE {
            let detail = "the changes were not replayed within six hours; look at PostgreSQL's log";
            return Err(PlatformError::new(ProblemCode::Timeout, detail));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn is_replaying(admin: &AdminAccess) -> Result<bool> {
    Ok(rows::is_replaying(&admin.connect("postgres").await?).await?)
}

/// How far a cluster was from answering.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    /// It is there and lets nobody in yet.
    StartsUp,
    /// Nothing answered.
    Silent,
    /// It answered, and would answer the same again.
    Refused,
}

fn reach(error: &PlatformError) -> Reach {
    match &error.source {
        Some(Failure::Store(StoreError::Timeout)) => Reach::Silent,
        Some(Failure::Store(StoreError::Unavailable(source))) => match is_of_socket(source.as_ref()) {
            true => Reach::Silent,
            false => Reach::StartsUp,
        },
        Some(Failure::Store(_) | Failure::Vault(_) | Failure::Invariant(_)) | None => Reach::Refused,
    }
}

/// Whether the system said it, for want of a server, and not the server.
fn is_of_socket(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(<dyn Error>::is::<std::io::Error>)
}

/// An act on backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupAct {
    /// Backups were switched on, or set anew.
    Enabled,
    /// An operator asked for a backup now.
    Asked,
    /// An operator had a test of the alerts sent.
    AlertTested,
    /// A recovery kit was made.
    KitMade,
    /// A recovery kit was read back whole.
    KitVerified,
    /// The platform was gone back with, or rebuilt ([`begin_anew`]).
    Restored,
}

impl BackupAct {
    fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "backup.enabled",
            Self::Asked => "backup.ask",
            Self::AlertTested => "backup.test-alert",
            Self::KitMade => "backup.recovery-kit",
            Self::KitVerified => "backup.recovery-kit-verified",
            Self::Restored => "backup.restored",
        }
    }
}

async fn note(platform: &Platform, caller: &Caller, action: &str, object: Object, said: &str) -> Result<()> {
    let act = Act::configuration(action, object).because(said);
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rows: i64, digest: &str) -> TableDigest {
        TableDigest {
            name: name.to_owned(),
            rows,
            digest: digest.to_owned(),
        }
    }

    #[test]
    fn a_server_that_starts_up_is_told_from_one_that_is_not_there_and_from_one_that_refuses() {
        let reached = |error: StoreError| reach(&PlatformError::from(error));
        let unavailable = |source: Box<dyn Error + Send + Sync>| reached(StoreError::Unavailable(source));
        assert_eq!(unavailable("57P03".into()), Reach::StartsUp);
        let gone = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(unavailable(Box::new(gone)), Reach::Silent);
        assert_eq!(reached(StoreError::Timeout), Reach::Silent);
        assert_eq!(reached(StoreError::Internal("28P01".into())), Reach::Refused);
        assert_eq!(reach(&PlatformError::invariant("x")), Reach::Refused);
    }

    #[test]
    fn a_copy_with_the_same_rows_is_right_and_any_other_is_named() {
        let wanted = [table("strongroom.account", 2, "17"), table("o_a.d1", 5, "-4")];
        assert_eq!(differences(&wanted, &wanted), Ok(7));
        let other_value = [table("strongroom.account", 2, "18"), wanted[1].clone()];
        assert!(
            differences(&wanted, &other_value)
                .unwrap_err()
                .contains("strongroom.account")
        );
        assert!(differences(&wanted, &wanted[..1]).unwrap_err().contains("o_a.d1"));
        assert!(differences(&wanted[..1], &wanted).is_err(), "a table too many");
        assert!(differences(&[], &[]).is_err(), "nothing was compared");
    }
}
