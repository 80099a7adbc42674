//! Events in the order of their numbers, none left out, for whoever passes them on.
//!
//! Invariant: an event is never given before one with a smaller number that is still being written. A number is drawn before its
//! transaction commits, so a larger one may be seen first; but whoever has drawn one holds the table's lock for writers until
//! it ends. So: look how far the numbers go, wait until whoever held the lock then is gone, and read up to there.

use super::{AccessEvent, EventRow};
use crate::{
    StoreError,
    control::{Control, Reads},
};
use diesel::{
    OptionalExtension,
    sql_types::{BigInt, Nullable, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::NullableTimestamp;
use std::time::{Duration, Instant};

/// How long writers are waited for. Those of the log take milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

#[derive(diesel::QueryableByName)]
struct Newest {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

#[derive(diesel::QueryableByName)]
struct Writer {
    #[diesel(sql_type = Text)]
    transaction: String,
}

/// How many events are after one, and since when the first of them waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct Waiting {
    /// How many, at most [`WAITING_MAX`].
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    /// The time of the first.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    pub oldest: Option<Timestamp>,
}

/// As far as events that wait are counted.
pub const WAITING_MAX: i64 = 100_000;

/// The number of the newest event; 0 before the first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn newest(on: &mut impl Reads) -> Result<i64, StoreError> {
    let text = "SELECT max(id) AS id FROM strongroom.access_event";
    let row: Newest = diesel::sql_query(text).get_result(on.connection()?).await?;
    Ok(row.id.unwrap_or(0))
}

/// Events after a number, in their order; none where writers do not end.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn settled_after(
    control: &Control,
    after: i64,
    limit: i64,
) -> Result<Vec<AccessEvent>, StoreError> {
    let mut read = control.read().await?;
    let until = newest(&mut read).await?;
    if until <= after || !writers_ended(&mut read).await? {
        return Ok(Vec::new());
    }
    between(&mut read, after, until, limit).await
}

async fn between(
    on: &mut impl Reads,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<AccessEvent>, StoreError> {
    let text = "SELECT id, at, account_id, organization_id, action, outcome, status, method, address, device, request_id
        FROM strongroom.access_event WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3";
    let query = diesel::sql_query(text)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(until)
        .bind::<BigInt, _>(limit);
    let rows: Vec<EventRow> = query.load(on.connection()?).await?;
    Ok(rows.into_iter().map(AccessEvent::from).collect())
}

/// Waits until those are gone who write into the log now.
async fn writers_ended(on: &mut impl Reads) -> Result<bool, StoreError> {
    let began = Instant::now();
    let mut first = writers(on).await?;
    while !first.is_empty() {
        if began.elapsed() >= PATIENCE {
            tracing::warn!(
                writers = first.len(),
                "transactions hold the access log open, so that it cannot be passed on yet"
            );
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
        let now = writers(on).await?;
        first.retain(|writer| now.contains(writer));
    }
    Ok(true)
}

async fn writers(on: &mut impl Reads) -> Result<Vec<String>, StoreError> {
    let text = "SELECT virtualtransaction AS transaction FROM pg_locks
        WHERE locktype = 'relation' AND granted AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND relation = 'strongroom.access_event'::regclass";
    let rows: Vec<Writer> = diesel::sql_query(text).load(on.connection()?).await?;
    Ok(rows.into_iter().map(|row| row.transaction).collect())
}

/// What is after a number.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn waiting_after(on: &mut impl Reads, after: i64) -> Result<Waiting, StoreError> {
    let text = format!(
        "SELECT (SELECT count(*) FROM (SELECT FROM strongroom.access_event WHERE id > $1 LIMIT {WAITING_MAX}) e) AS events,
            (SELECT at FROM strongroom.access_event WHERE id > $1 ORDER BY id LIMIT 1) AS oldest"
    );
    let query = diesel::sql_query(text).bind::<BigInt, _>(after);
    let row: Option<Waiting> = query.get_result(on.connection()?).await.optional()?;
    Ok(row.unwrap_or(Waiting {
        events: 0,
        oldest: None,
    }))
}
