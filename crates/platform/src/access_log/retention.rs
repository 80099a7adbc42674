//! How long the access log is kept, and the worker's part in it: months are made ahead and dropped when they are old.
//!
//! Invariant: what was dropped is said by an entry of the audit log in the same transaction; the database drops nothing of the
//! last [`MONTHS_MIN`] months, whoever asks.

use crate::{
    Caller, Platform,
    act::Act,
    caller::Identity,
    error::{PlatformError, Result},
    setting::Setting,
};
use serde::{Deserialize, Serialize};
use store::control::{access_log as rows, legal_hold};
use types::ProblemCode;

/// The shortest time, in whole months; the database holds to it too.
pub const MONTHS_MIN: u16 = 3;
/// The longest.
pub const MONTHS_MAX: u16 = 120;
/// What holds until somebody says otherwise: a year, and the month that runs.
pub const MONTHS_DEFAULT: u16 = 13;
/// How many months are made ahead: so long a worker may stand still.
const AHEAD: i32 = 3;
/// The setting.
const SETTING: Setting<Kept> = Setting::named("access-log");

/// What is kept of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    months: u16,
}

/// How many whole months are kept.
///
/// # Errors
/// `unavailable`.
pub async fn months_kept(platform: &Platform) -> Result<u16> {
    let kept = SETTING.read(&mut platform.control().read().await?).await?;
    Ok(kept.map_or(MONTHS_DEFAULT, |kept| kept.months.clamp(MONTHS_MIN, MONTHS_MAX)))
}

/// Sets how many whole months are kept, on the host.
///
/// # Errors
/// `not-allowed` for anybody but the host; `invalid` for fewer than [`MONTHS_MIN`] or more than [`MONTHS_MAX`].
pub async fn keep_months(platform: &Platform, caller: &Caller, months: u16) -> Result<()> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "how long the access log is kept is set on the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    if !(MONTHS_MIN..=MONTHS_MAX).contains(&months) {
        let message = format!("{MONTHS_MIN} to {MONTHS_MAX} months");
        return Err(PlatformError::invalid_at("/months", "out-of-range", message));
    }
    let before = months_kept(platform).await?;
    let mut tx = platform.control().begin().await?;
    SETTING.write(platform, &mut tx, &Kept { months }).await?;
    let reason = format!("{before} -> {months} months");
    let act = Act::configuration("access-log.keep", SETTING.object()).because(&reason);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Makes the months to come and drops what is too old, unless a hold is in force; answers how many months went.
///
/// # Errors
/// `unavailable`.
pub async fn tend(platform: &Platform) -> Result<usize> {
    let made = rows::prepare(&mut platform.control().keep().await?, AHEAD).await?;
    if made > 0 {
        tracing::info!(months = made, "months of the access log were made");
    }
    // A month holds everybody's events; the database drops none under a hold, and would say so every minute.
    if legal_hold::in_force(&mut platform.control().read().await?, None).await? {
        return Ok(0);
    }
    let months = months_kept(platform).await?;
    let mut tx = platform.control().begin().await?;
    let dropped = rows::trim(&mut tx, i32::from(months)).await?;
    let dropped = usize::try_from(dropped).unwrap_or(0);
    if dropped == 0 {
        tx.close().await?;
        return Ok(0);
    }
    let gone = rows::list_trimmed(&mut tx, i64::try_from(dropped).unwrap_or(i64::MAX)).await?;
    let said: Vec<String> = gone
        .iter()
        .map(|part| format!("{}: {} events", part.partition, part.events))
        .collect();
    let reason = said.join("; ");
    let act = Act::access("access-log.trim", SETTING.object()).because(&reason);
    let entry = platform.entry(&Caller::system(), None, &act)?;
    tx.commit(&entry, &[]).await?;
    tracing::info!(months = dropped, "old months of the access log were dropped");
    Ok(dropped)
}
