//! A record: one row of a dataset.

use crate::{AccountId, RecordId, Value};
use jiff::Timestamp;

/// One row with its system columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Counts its changes, from 1; writes are conditional on it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: AccountId,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who last changed it.
    pub updated_by: AccountId,
    /// When it went to the trash, if it lies there.
    pub deleted_at: Option<Timestamp>,
    /// Its values, in the order of [`crate::Dataset::fields`].
    pub values: Vec<Value>,
}
