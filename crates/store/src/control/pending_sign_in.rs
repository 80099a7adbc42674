//! Sign-ins that wait for the second factor, and how often an account's factor was missed.
//!
//! Invariant: a try is taken before the code is looked at, in one conditional statement, so that many at once get no more
//! tries than one after the other. Misses are counted over all sign-ins of an account ([`count_miss`]).

use super::{ControlTx, Keeps, Reads, account::found};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{Binary, Integer, SmallInt, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::AccountId;

/// A sign-in to insert.
#[derive(Debug, Clone)]
pub struct NewPending {
    /// The hash of its token.
    pub token_hash: Vec<u8>,
    /// Who was recognized.
    pub account: AccountId,
    /// By which door.
    pub method: &'static str,
    /// How many codes may be tried, at most 5.
    pub tries: i16,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends, at most an hour later.
    pub expires_at: Timestamp,
}

/// One that waits.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = Uuid)]
    account_id: uuid::Uuid,
    /// By which door they came.
    #[diesel(sql_type = Text)]
    pub method: String,
    /// How many codes may still be tried.
    #[diesel(sql_type = SmallInt)]
    pub tries_left: i16,
}

impl Waiting {
    /// Who was recognized.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId(self.account_id)
    }
}

/// Inserts a sign-in and forgets those that have expired.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn insert(tx: &mut ControlTx, new: NewPending) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.pending_sign_in WHERE expires_at <= $1")
        .bind::<Timestamptz, _>(new.created_at.to_diesel())
        .execute(tx.connection()?)
        .await?;
    let text = "INSERT INTO strongroom.pending_sign_in (token_hash, account_id, method, tries_left, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    diesel::sql_query(text)
        .bind::<Binary, _>(new.token_hash)
        .bind::<Uuid, _>(new.account.0)
        .bind::<Text, _>(new.method)
        .bind::<SmallInt, _>(new.tries)
        .bind::<Timestamptz, _>(new.created_at.to_diesel())
        .bind::<Timestamptz, _>(new.expires_at.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The sign-in of a token, as long as codes may be tried.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Waiting>, StoreError> {
    let text = "SELECT p.account_id, p.method, p.tries_left FROM strongroom.pending_sign_in p
        JOIN strongroom.account a ON a.id = p.account_id AND a.state = 'active'
        WHERE p.token_hash = $1 AND p.tries_left > 0 AND p.expires_at > $2";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    Ok(query.get_result(on.connection()?).await.optional()?)
}

/// Takes one try.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none left, or the sign-in is over.
pub async fn take_try(on: &mut impl Keeps, token_hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.pending_sign_in SET tries_left = tries_left - 1
        WHERE token_hash = $1 AND tries_left > 0 AND expires_at > $2";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    found(query.execute(on.connection()?).await?)
}

/// Ends a sign-in whose second step was passed.
///
/// # Errors
/// [`StoreError::NotFound`] when it was ended in the same moment.
pub async fn end(tx: &mut ControlTx, token_hash: &[u8]) -> Result<(), StoreError> {
    let query = diesel::sql_query("DELETE FROM strongroom.pending_sign_in WHERE token_hash = $1");
    found(
        query
            .bind::<Binary, _>(token_hash)
            .execute(tx.connection()?)
            .await?,
    )
}

/// Ends every sign-in of an account that waits.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_all_of(tx: &mut ControlTx, account: AccountId) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.pending_sign_in WHERE account_id = $1")
        .bind::<Uuid, _>(account.0)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// How misses slow an account down.
#[derive(Debug, Clone, Copy)]
pub struct MissRule {
    /// So many misses in a row are free.
    pub free: i32,
    /// The first wait, in seconds; each miss doubles it.
    pub wait_seconds: i32,
    /// The longest wait, in seconds.
    pub wait_seconds_max: i32,
    /// Misses older than this, in seconds, are forgotten.
    pub memory_seconds: i32,
}

#[derive(diesel::QueryableByName)]
struct Until {
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    blocked_until: Timestamp,
}

/// Counts a miss beforehand; [`forgive`] takes it back when the code was right. None when it may be tried, else when it
/// may be tried again.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_miss(
    on: &mut impl Keeps,
    account: AccountId,
    rule: MissRule,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let text = "INSERT INTO strongroom.factor_guard AS g (account_id, failures, last_failed_at, blocked_until)
        VALUES ($1, 1, $2, $2)
        ON CONFLICT (account_id) DO UPDATE SET last_failed_at = $2,
            failures = CASE WHEN g.last_failed_at < $2 - make_interval(secs => $6) THEN 1 ELSE g.failures + 1 END,
            blocked_until = CASE
                WHEN g.last_failed_at < $2 - make_interval(secs => $6) OR g.failures + 1 < $3 THEN $2
                ELSE $2 + make_interval(secs => least($4 * power(2, least(g.failures + 1 - $3, 20)), $5)) END
        WHERE g.blocked_until <= $2";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(account.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Integer, _>(rule.free)
        .bind::<Integer, _>(rule.wait_seconds)
        .bind::<Integer, _>(rule.wait_seconds_max)
        .bind::<Integer, _>(rule.memory_seconds);
    if query.execute(on.connection()?).await? > 0 {
        return Ok(None);
    }
    let text = "SELECT blocked_until FROM strongroom.factor_guard WHERE account_id = $1";
    let query = diesel::sql_query(text).bind::<Uuid, _>(account.0);
    let until: Option<Until> = query.get_result(on.connection()?).await.optional()?;
    Ok(Some(until.map_or(now, |until| until.blocked_until)))
}

/// Forgets an account's misses.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn forgive(tx: &mut ControlTx, account: AccountId) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.factor_guard WHERE account_id = $1")
        .bind::<Uuid, _>(account.0)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}
