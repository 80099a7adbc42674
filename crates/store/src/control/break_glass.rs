//! Break-glass links: single-use, for minutes, made on the host. Only the hash of a link's token is stored.

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
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A link that works could be used now; the name of the account it lets in.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let text = "SELECT a.name FROM strongroom.break_glass b JOIN strongroom.account a ON a.id = b.account_id
        WHERE b.token_hash = $1 AND b.used_at IS NULL AND b.voided_at IS NULL AND b.expires_at > $2
            AND a.state = 'active' AND NOT a.barred_by_directory";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    let found: Option<Name> = query.get_result(on.connection()?).await.optional()?;
    Ok(found.map(|found| found.name))
}

/// Puts a new link in the place of the account's open one.
///
/// # Errors
/// [`StoreError::Taken`] of `break_glass_open` when another was made in the same moment.
pub async fn replace(
    tx: &mut ControlTx,
    token_hash: &[u8],
    account: AccountId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let void = "UPDATE strongroom.break_glass SET voided_at = $2
        WHERE account_id = $1 AND used_at IS NULL AND voided_at IS NULL";
    diesel::sql_query(void)
        .bind::<Uuid, _>(account.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    let insert = "INSERT INTO strongroom.break_glass (token_hash, account_id, created_at, expires_at)
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

/// Uses a link up and gives whom it lets in. One conditional statement: of two at once, one finds nothing.
///
/// # Errors
/// [`StoreError::NotFound`] when it could not be used any more.
pub async fn use_up(tx: &mut ControlTx, token_hash: &[u8], now: Timestamp) -> Result<AccountId, StoreError> {
    let text = "UPDATE strongroom.break_glass b SET used_at = $2 FROM strongroom.account a
        WHERE b.token_hash = $1 AND b.used_at IS NULL AND b.voided_at IS NULL AND b.expires_at > $2
            AND a.id = b.account_id AND a.state = 'active' AND NOT a.barred_by_directory RETURNING b.account_id";
    let query = diesel::sql_query(text)
        .bind::<Binary, _>(token_hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    let found: Holder = query.get_result(tx.connection()?).await?;
    Ok(AccountId(found.account_id))
}
