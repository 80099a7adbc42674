//! How far the logs were sent to the collector, and who sends them.
//!
//! Invariants: one process sends at a time, under a lease of a bounded time; a position moves only from where its sender had read
//! from, so that a sender which was overtaken moves nothing. Start at [`claim`] and [`acknowledge`].

use super::{ControlTx, Keeps, Reads};
use crate::StoreError;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};

/// How far one log was taken by the collector.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Position {
    /// `audit`, `access` or `system`.
    #[diesel(sql_type = Text)]
    pub stream: String,
    /// The last that was taken, as the stream counts: an index, a number, a cursor.
    #[diesel(sql_type = Text)]
    pub position: String,
    /// Messages that were taken.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    /// Which was the last of them, for people.
    #[diesel(sql_type = Nullable<Text>)]
    pub last: Option<String>,
    /// When it was taken.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    pub acknowledged_at: Option<Timestamp>,
}

/// How sending goes.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Sending {
    /// When it was last tried.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    pub tried_at: Option<Timestamp>,
    /// Since when it fails, if it does.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = NullableTimestamp)]
    pub failing_since: Option<Timestamp>,
    /// Why.
    #[diesel(sql_type = Nullable<Text>)]
    pub failure: Option<String>,
}

/// A position that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Of which stream.
    pub stream: &'static str,
    /// Where it stood when the messages were read.
    pub from: String,
    /// The last that was taken.
    pub to: String,
    /// How many messages were taken.
    pub count: i64,
    /// Which was the last of them, for people.
    pub last: String,
}

/// All positions, by stream.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn positions(on: &mut impl Reads) -> Result<Vec<Position>, StoreError> {
    let text = "SELECT stream, position, number, last, acknowledged_at FROM strongroom.forwarding_position ORDER BY stream";
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// Sets where a stream goes on, whether it was sent before or not.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn place(tx: &mut ControlTx, stream: &str, position: &str) -> Result<(), StoreError> {
    let text = "INSERT INTO strongroom.forwarding_position (stream, position) VALUES ($1, $2)
        ON CONFLICT (stream) DO UPDATE SET position = excluded.position";
    let query = diesel::sql_query(text)
        .bind::<Text, _>(stream)
        .bind::<Text, _>(position);
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// How sending goes.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn sending(on: &mut impl Reads) -> Result<Sending, StoreError> {
    let text = "SELECT tried_at, failing_since, failure FROM strongroom.forwarding_lease";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}

/// Takes or keeps the lease for so many seconds from now, by the database's clock; false while another holds it.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn claim(on: &mut impl Keeps, holder: uuid::Uuid, seconds: i32) -> Result<bool, StoreError> {
    let text = "UPDATE strongroom.forwarding_lease
        SET holder = $1, held_until = clock_timestamp() + $2 * interval '1 second'
        WHERE holder = $1 OR held_until < clock_timestamp()";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(holder)
        .bind::<Integer, _>(seconds);
    Ok(query.execute(on.connection()?).await? == 1)
}

/// Gives the lease back.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn release(on: &mut impl Keeps, holder: uuid::Uuid) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.forwarding_lease SET held_until = '-infinity' WHERE holder = $1";
    let query = diesel::sql_query(text).bind::<Uuid, _>(holder);
    query.execute(on.connection()?).await?;
    Ok(())
}

/// Whether all that is to be sent can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Well,
    /// Some of it cannot, of which a failure tells that stays.
    Troubled,
}

/// Moves the positions of what the collector took and notes how sending goes, in one statement; answers how many moved. Fewer than
/// were asked for stood elsewhere meanwhile, or another holds the lease.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn acknowledge(
    on: &mut impl Keeps,
    holder: uuid::Uuid,
    moves: &[Move],
    health: Health,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let text = "WITH held AS (
            UPDATE strongroom.forwarding_lease SET tried_at = $7,
                failing_since = CASE WHEN NOT $8 THEN failing_since END, failure = CASE WHEN NOT $8 THEN failure END
            WHERE holder = $6 RETURNING one
        )
        UPDATE strongroom.forwarding_position p
        SET position = m.position, number = p.number + m.count, last = left(m.last, 1000), acknowledged_at = $7
        FROM held, unnest($1, $2, $3, $4, $5) AS m (stream, before, position, count, last)
        WHERE p.stream = m.stream AND p.position = m.before";
    let texts = |part: fn(&Move) -> &str| moves.iter().map(part).collect::<Vec<_>>();
    let counts: Vec<i64> = moves.iter().map(|moved| moved.count).collect();
    let query = diesel::sql_query(text)
        .bind::<Array<Text>, _>(texts(|moved| moved.stream))
        .bind::<Array<Text>, _>(texts(|moved| &moved.from))
        .bind::<Array<Text>, _>(texts(|moved| &moved.to))
        .bind::<Array<BigInt>, _>(counts)
        .bind::<Array<Text>, _>(texts(|moved| &moved.last))
        .bind::<Uuid, _>(holder)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Bool, _>(health == Health::Well);
    Ok(query.execute(on.connection()?).await?)
}

/// Notes that sending failed, and since when.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn fail(
    on: &mut impl Keeps,
    holder: uuid::Uuid,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.forwarding_lease
        SET tried_at = $2, failing_since = coalesce(failing_since, $2), failure = left($3, 2000) WHERE holder = $1";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(holder)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Text, _>(why);
    query.execute(on.connection()?).await?;
    Ok(())
}

/// Forgets how sending went: to be called where it is set anew.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn forget_failure(tx: &mut ControlTx) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.forwarding_lease SET tried_at = NULL, failing_since = NULL, failure = NULL";
    diesel::sql_query(text).execute(tx.connection()?).await?;
    Ok(())
}
