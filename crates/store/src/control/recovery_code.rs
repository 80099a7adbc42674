//! Recovery codes: ten to an account, each works once. Only hashes are stored.

use super::{ControlTx, Reads, account::found};
use crate::StoreError;
use diesel::sql_types::{Array, BigInt, Binary, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::AccountId;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Puts a new set in the place of the old one.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn replace(
    tx: &mut ControlTx,
    account: AccountId,
    hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), StoreError> {
    remove_all_of(tx, account).await?;
    let text = "INSERT INTO strongroom.recovery_code (account_id, code_hash, created_at)
        SELECT $1, hash, $3 FROM unnest($2) hash";
    diesel::sql_query(text)
        .bind::<Uuid, _>(account.0)
        .bind::<Array<Binary>, _>(hashes)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Uses a code up. One conditional statement: of two at once, one finds nothing.
///
/// # Errors
/// [`StoreError::NotFound`] for a code that is not the account's, or was used.
pub async fn spend(
    tx: &mut ControlTx,
    account: AccountId,
    hash: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.recovery_code SET used_at = $3
        WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(account.0)
        .bind::<Binary, _>(hash)
        .bind::<Timestamptz, _>(now.to_diesel());
    found(query.execute(tx.connection()?).await?)
}

/// How many codes of an account still work.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_left(on: &mut impl Reads, account: AccountId) -> Result<i64, StoreError> {
    let text = "SELECT count(*) FROM strongroom.recovery_code WHERE account_id = $1 AND used_at IS NULL";
    let query = diesel::sql_query(text).bind::<Uuid, _>(account.0);
    Ok(query.get_result::<Count>(on.connection()?).await?.count)
}

/// Removes an account's codes, used or not.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn remove_all_of(tx: &mut ControlTx, account: AccountId) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.recovery_code WHERE account_id = $1")
        .bind::<Uuid, _>(account.0)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}
