//! Settings of the appliance.

use super::{ControlTx, Reads, schema::setting};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;

/// A setting's value.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn get(on: &mut impl Reads, name: &str) -> Result<Option<Value>, StoreError> {
    let query = setting::table.find(name).select(setting::value);
    Ok(query.first(on.connection()?).await.optional()?)
}

/// The same, which nobody else changes until this transaction ends.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn get_to_change(tx: &mut ControlTx, name: &str) -> Result<Option<Value>, StoreError> {
    let query = setting::table.find(name).select(setting::value).for_update();
    Ok(query.first(tx.connection()?).await.optional()?)
}

/// Sets a setting, whether it was there or not.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn set(tx: &mut ControlTx, name: &str, value: &Value, now: Timestamp) -> Result<(), StoreError> {
    let change = (setting::value.eq(value), setting::changed_at.eq(now.to_diesel()));
    let query = diesel::insert_into(setting::table)
        .values((setting::name.eq(name), change))
        .on_conflict(setting::name)
        .do_update()
        .set(change);
    query.execute(tx.connection()?).await?;
    Ok(())
}
