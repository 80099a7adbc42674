//! Ending sessions that are past their bounds. They are refused already; this is what the log and the lists say of it.

use super::rows;
use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::Result,
};

/// Most sessions of one transaction.
const AT_ONCE: i64 = 200;

/// Ends what is overdue, each session with its entry; answers how many.
///
/// # Errors
/// `unavailable`.
pub async fn end_overdue(platform: &Platform) -> Result<usize> {
    let idle = i64::from(platform.settings().session_idle_seconds_max);
    let mut tx = platform.control().begin().await?;
    let ended = rows::end_overdue(&mut tx, idle, platform.now(), AT_ONCE).await?;
    let entry = |id| {
        let act = Act::access("session.expire", Object::new("session", id));
        platform.entry(&Caller::system(), None, &act)
    };
    let entries: Vec<_> = ended.iter().map(entry).collect::<Result<_>>()?;
    match entries.split_first() {
        Some((first, rest)) => drop(tx.commit(first, rest).await?),
        None => tx.close().await?,
    }
    Ok(ended.len())
}
