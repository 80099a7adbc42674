//! What an operator starts from a page: a backup now, and a test of the alerts.
//!
//! Invariant: the audit log says that it was asked for before it is asked for; root's helper starts its own unit, with no word of
//! the asker's in it.

use super::{BackupAct, note_act};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::{PlatformError, Result},
    helper, operator, promise, session,
};
use host::{backup::record::Folder, helper::StartBackup};
use types::ProblemCode;

/// What came of asking for a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It begins.
    Now,
    /// One was running already.
    RanAlready,
}

/// Has root's helper start the nightly backup's unit now; it goes on while others work. One that runs already is left alone.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for anybody but an operator; `proof-required`; `conflict` where none was ever taken; `unavailable`
/// when there is no helper here, or systemd refuses, as after several in an hour.
pub async fn start_now(platform: &Platform, caller: &Caller) -> Result<Started> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let record = Folder::at(&platform.settings().backup.record);
    if record.runs().is_ok_and(|runs| runs.is_empty()) {
        let why = "no backup was ever taken here; on the host, run `strongroom backup enable` and `strongroom backup run` first";
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    note_act(platform, caller, BackupAct::Asked, "to start now").await?;
    let reply = helper::ask(platform, StartBackup {}).await?;
    match reply {
        Ok(reply) if reply.was_running => Ok(Started::RanAlready),
        Ok(_) => Ok(Started::Now),
        Err(error) => Err(helper::problem(&error)),
    }
}

/// Puts a test of the alerts about backups up, to every operator and to the webhook; gives how many. Whether they were taken stands in the
/// promise `backup-alert` and in the log.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for anybody but an operator; `proof-required`; `conflict` where neither is set.
pub async fn test_alert(platform: &Platform, caller: &Caller) -> Result<usize> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    let messages = promise::test_backup_alert(platform, &mut tx).await?;
    let said = format!("{messages} messages");
    let act = Act::configuration(BackupAct::AlertTested.as_str(), Object::unknown("backup")).because(&said);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(messages)
}
