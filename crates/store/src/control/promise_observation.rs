//! What promise checks saw; the newest [`KEPT`] of each promise are kept.

use super::{Keeps, Reads, schema::promise_observation};
use crate::StoreError;
use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;
use types::PageSize;

/// How many observations of each promise are kept.
pub const KEPT: i64 = 1_000;

/// More promises than the catalogue ever has.
const PROMISES_MAX: i64 = 10_000;

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = promise_observation)]
pub struct StoredObservation {
    /// Of which promise.
    pub promise_id: String,
    /// When.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub checked_at: Timestamp,
    /// In the form of `promises::Observation`.
    pub observation: Value,
}

/// Inserts an observation, or replaces the one of the same microsecond.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn insert(
    on: &mut impl Keeps,
    promise: &str,
    checked_at: Timestamp,
    observation: &Value,
) -> Result<(), StoreError> {
    let row = (
        promise_observation::promise_id.eq(promise),
        promise_observation::checked_at.eq(checked_at.to_diesel()),
        promise_observation::observation.eq(observation),
    );
    let query = diesel::insert_into(promise_observation::table)
        .values(row)
        .on_conflict((promise_observation::promise_id, promise_observation::checked_at))
        .do_update()
        .set(promise_observation::observation.eq(observation));
    query.execute(on.connection()?).await?;
    Ok(())
}

/// The newest observation of every promise.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn newest_of_all(on: &mut impl Reads) -> Result<Vec<StoredObservation>, StoreError> {
    let query = promise_observation::table
        .distinct_on(promise_observation::promise_id)
        .order((
            promise_observation::promise_id,
            promise_observation::checked_at.desc(),
        ))
        .limit(PROMISES_MAX);
    Ok(query
        .select(StoredObservation::as_select())
        .load(on.connection()?)
        .await?)
}

/// A promise's observations, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn history(
    on: &mut impl Reads,
    promise: &str,
    limit: PageSize,
) -> Result<Vec<StoredObservation>, StoreError> {
    let query = promise_observation::table
        .filter(promise_observation::promise_id.eq(promise))
        .order(promise_observation::checked_at.desc())
        .limit(limit.get().into());
    Ok(query
        .select(StoredObservation::as_select())
        .load(on.connection()?)
        .await?)
}

/// Forgets a promise's observations beyond the newest [`KEPT`]; answers how many.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn trim(on: &mut impl Keeps, promise: &str) -> Result<usize, StoreError> {
    let text = "DELETE FROM strongroom.promise_observation WHERE promise_id = $1 AND checked_at <= (
            SELECT checked_at FROM strongroom.promise_observation WHERE promise_id = $1
            ORDER BY checked_at DESC OFFSET $2 LIMIT 1)";
    let query = diesel::sql_query(text)
        .bind::<Text, _>(promise)
        .bind::<BigInt, _>(KEPT);
    Ok(query.execute(on.connection()?).await?)
}
