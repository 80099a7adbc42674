//! Maintenance: the setting that the database reads before it takes an entry (`is_in_maintenance`), and the lock that it takes.
//!
//! Invariant: when the transaction that switched maintenance on has committed, no write is under way that did not see it.

use super::{ControlTx, Reads, setting};
use crate::StoreError;
use diesel_async::SimpleAsyncConnection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The setting's name, which the database knows too.
const NAME: &str = "maintenance";

/// A maintenance that was switched on, as it is stored. The trigger reads `from` and `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// What the operator says to people.
    pub message: Option<String>,
}

/// What was switched on last, also when its time is over; none after it was switched off.
///
/// # Errors
/// [`StoreError::Unavailable`]; [`StoreError::Internal`] for a value that is not of our shape.
pub async fn get(on: &mut impl Reads) -> Result<Option<Plan>, StoreError> {
    let Some(value) = setting::get(on, NAME).await? else {
        return Ok(None);
    };
    serde_json::from_value(value).map_err(|error| StoreError::Internal(Box::new(error)))
}

/// Waits for the writes that are under way, holds new ones up until this transaction ends, and lets this transaction
/// through while maintenance is on.
///
/// # Errors
/// [`StoreError::Timeout`] when a write goes on for longer than the role's lock time-out.
pub async fn hold_writers(tx: &mut ControlTx) -> Result<(), StoreError> {
    let text = "SET LOCAL strongroom.through_maintenance = 'yes';
        SELECT pg_advisory_xact_lock(hashtext('strongroom.maintenance'))";
    Ok(tx.connection()?.batch_execute(text).await?)
}

/// Sets what is switched on; none switches it off.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn set(tx: &mut ControlTx, plan: Option<&Plan>, now: Timestamp) -> Result<(), StoreError> {
    let value = serde_json::to_value(plan).map_err(|error| StoreError::Internal(Box::new(error)))?;
    setting::set(tx, NAME, &value, now).await
}
