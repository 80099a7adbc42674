//! The access log's months: made ahead, dropped when they are old, counted.

use super::{ControlTx, Keeps, Reads};
use crate::StoreError;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    number: i32,
}

/// Makes this month and so many after it; answers how many were not there.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn prepare(on: &mut impl Keeps, months: i32) -> Result<i32, StoreError> {
    let query = diesel::sql_query("SELECT strongroom.prepare_access_log($1) AS number");
    let made: Number = query
        .bind::<Integer, _>(months)
        .get_result(on.connection()?)
        .await?;
    Ok(made.number)
}

/// Drops what ended more than so many months ago (never fewer than three); answers how many months went.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn trim(tx: &mut ControlTx, months: i32) -> Result<i32, StoreError> {
    let query = diesel::sql_query("SELECT strongroom.trim_access_log($1) AS number");
    let dropped: Number = query
        .bind::<Integer, _>(months)
        .get_result(tx.connection()?)
        .await?;
    Ok(dropped.number)
}

/// A part of the log that was dropped.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Trimmed {
    /// What it was called.
    #[diesel(sql_type = Text)]
    pub partition: String,
    /// How many events it held.
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    /// The time of its newest event.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = jiff_diesel::NullableTimestamp)]
    pub newest: Option<Timestamp>,
}

/// What was dropped last, newest first; at most `limit`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_trimmed(on: &mut impl Reads, limit: i64) -> Result<Vec<Trimmed>, StoreError> {
    let text = "SELECT partition, events, newest FROM strongroom.access_log_trim
        ORDER BY trimmed_at DESC, partition DESC LIMIT $1";
    let query = diesel::sql_query(text).bind::<BigInt, _>(limit);
    Ok(query.load(on.connection()?).await?)
}

/// How the log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct LogFigures {
    /// The newest event's time.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = jiff_diesel::NullableTimestamp)]
    pub newest: Option<Timestamp>,
    /// Months that are made, this one and later ones.
    #[diesel(sql_type = BigInt)]
    pub months_ahead: i64,
    /// Events for which no month was made.
    #[diesel(sql_type = BigInt)]
    pub elsewhere: i64,
    /// Sessions begun in the last day, by the table of sessions.
    #[diesel(sql_type = BigInt)]
    pub sessions_begun: i64,
    /// Of those, how many the log knows the account's coming in of.
    #[diesel(sql_type = BigInt)]
    pub sessions_logged: i64,
    /// Whether the program could change or delete events.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub is_writable: bool,
}

/// Counts, by the database's clock. What came in the last `slack_seconds` is not expected to be written yet.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(on: &mut impl Reads, slack_seconds: i64) -> Result<LogFigures, StoreError> {
    let text = "WITH begun AS (
            SELECT account_id, created_at FROM strongroom.session
            WHERE device <> 'command line' AND created_at BETWEEN now() - interval '1 day'
                AND now() - make_interval(secs => $1)
            ORDER BY created_at DESC LIMIT 1000
        )
        SELECT (SELECT max(at) FROM strongroom.access_event WHERE at > now() - interval '40 days') AS newest,
            (SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'strongroom.access_event'::regclass
                AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz > now())
                AS months_ahead,
            (SELECT count(*) FROM (SELECT FROM strongroom.access_event_other LIMIT 100000) o) AS elsewhere,
            (SELECT count(*) FROM begun) AS sessions_begun,
            (SELECT count(*) FROM begun b WHERE EXISTS (SELECT FROM strongroom.access_event e
                WHERE e.account_id = b.account_id AND e.outcome = 'done'
                AND e.at BETWEEN b.created_at - interval '2 minutes' AND b.created_at + interval '2 minutes'))
                AS sessions_logged,
            has_table_privilege(current_user, 'strongroom.access_event', 'UPDATE, DELETE, TRUNCATE') AS is_writable";
    let query = diesel::sql_query(text).bind::<BigInt, _>(slack_seconds);
    Ok(query.get_result(on.connection()?).await?)
}
