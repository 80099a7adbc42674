//! Links that set another password: single-use, for minutes, sent by mail. Only the hash of a link's token is stored.
//!
//! Invariant: a link is only for an active account that has a password: it gives nobody a way in that they did not have.

use super::{ControlTx, Reads};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{Binary, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::AccountId;

#[derive(diesel::QueryableByName)]
struct Holder {
    #[diesel(sql_type = Uuid)]
    account_id: uuid::Uuid,
}

#[derive(diesel::QueryableByName)]
struct Person {
    #[diesel(sql_type = Uuid)]
    id: uuid::Uuid,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A link that could be used now; id, address and name of the account that it is for.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(AccountId, String, String)>, StoreError> {
    let text = "SELECT a.id, a.email, a.name FROM strongroom.password_reset r
        JOIN strongroom.account a ON a.id = r.account_id
        WHERE r.token_hash = $1 AND r.used_at IS NULL AND r.voided_at IS NULL AND r.expires_at > $2
            AND a.state = 'active' AND a.password IS NOT NULL";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    let found: Option<Person> = query.get_result(on.connection()?).await.optional()?;
    Ok(found.map(|found| (AccountId(found.id), found.email, found.name)))
}

/// Puts a new link in the place of the account's open one.
///
/// # Errors
/// [`StoreError::Taken`] of `password_reset_open` when another was made in the same moment.
pub async fn replace(
    tx: &mut ControlTx,
    token_hash: &[u8],
    account: AccountId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    void_open(tx, account, now).await?;
    let insert = "INSERT INTO strongroom.password_reset (token_hash, account_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4)";
    diesel::sql_query(insert)
        .bind::<Binary, _>(token_hash)
        .bind::<Uuid, _>(account.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Timestamptz, _>(expires_at.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Lets no open link of the account work any more.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn void_open(tx: &mut ControlTx, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    let void = "UPDATE strongroom.password_reset SET voided_at = $2
        WHERE account_id = $1 AND used_at IS NULL AND voided_at IS NULL";
    diesel::sql_query(void)
        .bind::<Uuid, _>(account.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Uses a link up and gives whose password it sets. One conditional statement: of two at once, one finds nothing.
///
/// # Errors
/// [`StoreError::NotFound`] when it could not be used any more.
pub async fn use_up(tx: &mut ControlTx, token_hash: &[u8], now: Timestamp) -> Result<AccountId, StoreError> {
    let text = "UPDATE strongroom.password_reset r SET used_at = $2 FROM strongroom.account a
        WHERE r.token_hash = $1 AND r.used_at IS NULL AND r.voided_at IS NULL AND r.expires_at > $2
            AND a.id = r.account_id AND a.state = 'active' AND a.password IS NOT NULL RETURNING r.account_id";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    let found: Holder = query.get_result(tx.connection()?).await?;
    Ok(AccountId(found.account_id))
}
