//! Codes that were sent by mail or SMS and wait to be typed. Only their keyed hash is stored.
//!
//! Invariants: a code counts once, in the sign-in or session that asked for it, and in its time: [`spend`] is one statement;
//! what may be sent is counted before it is sent ([`count`]).

use super::{ControlTx, Keeps, account::found, factor::FactorKind, key_challenge::Asked};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{BigInt, Binary, Integer, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::FactorId;

/// A code to keep.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// To where it is sent.
    pub factor: FactorId,
    /// Its keyed hash.
    pub hash: [u8; 32],
    /// Now.
    pub created_at: Timestamp,
    /// When it ends, at most an hour later.
    pub expires_at: Timestamp,
}

/// Keeps a code in the place of the one before; forgets codes that have ended.
///
/// # Errors
/// [`StoreError::Dangling`] when the factor is gone.
pub async fn keep(on: &mut impl Keeps, asked: &Asked, new: NewCode) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.sent_code WHERE expires_at <= $1")
        .bind::<Timestamptz, _>(new.created_at.to_diesel())
        .execute(on.connection()?)
        .await?;
    let text = "INSERT INTO strongroom.sent_code (ceremony, holder, account_id, factor_id, code_hash, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (ceremony, holder) DO UPDATE
            SET account_id = $3, factor_id = $4, code_hash = $5, created_at = $6, expires_at = $7";
    diesel::sql_query(text)
        .bind::<Text, _>(asked.ceremony.as_str())
        .bind::<Binary, _>(asked.holder.clone())
        .bind::<Uuid, _>(asked.account.0)
        .bind::<Uuid, _>(new.factor.0)
        .bind::<Binary, _>(new.hash.to_vec())
        .bind::<Timestamptz, _>(new.created_at.to_diesel())
        .bind::<Timestamptz, _>(new.expires_at.to_diesel())
        .execute(on.connection()?)
        .await?;
    Ok(())
}

/// Forgets a code that could not be sent.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn forget(on: &mut impl Keeps, asked: &Asked) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.sent_code WHERE ceremony = $1 AND holder = $2")
        .bind::<Text, _>(asked.ceremony.as_str())
        .bind::<Binary, _>(asked.holder.clone())
        .execute(on.connection()?)
        .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Spent {
    #[diesel(sql_type = Uuid)]
    id: uuid::Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// Spends a code, in the transaction that lets somebody in by it; notes that its factor was used, and tells which it is.
///
/// # Errors
/// [`StoreError::NotFound`] when it is no code that waits here.
pub async fn spend(
    tx: &mut ControlTx,
    asked: &Asked,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<(FactorId, FactorKind), StoreError> {
    let text = "WITH spent AS (DELETE FROM strongroom.sent_code
            WHERE ceremony = $1 AND holder = $2 AND account_id = $3 AND code_hash = $4 AND expires_at > $5
            RETURNING factor_id)
        UPDATE strongroom.factor f SET last_used_at = $5 FROM spent WHERE f.id = spent.factor_id AND f.account_id = $3
            AND f.state = CASE $1 WHEN 'enrol' THEN 'pending' ELSE 'active' END
        RETURNING f.id, f.kind";
    let query = diesel::sql_query(text)
        .bind::<Text, _>(asked.ceremony.as_str())
        .bind::<Binary, _>(asked.holder.clone())
        .bind::<Uuid, _>(asked.account.0)
        .bind::<Binary, _>(hash.to_vec())
        .bind::<Timestamptz, _>(now.to_diesel());
    let spent: Option<Spent> = query.get_result(tx.connection()?).await.optional()?;
    let spent = spent.ok_or(StoreError::NotFound)?;
    let kind = match spent.kind.as_str() {
        "mail" => FactorKind::Mail,
        "sms" => FactorKind::Sms,
        _ => return Err(StoreError::NotFound),
    };
    Ok((FactorId(spent.id), kind))
}

/// How many may be sent to a subject within a time.
#[derive(Debug, Clone, Copy)]
pub struct SendRule {
    /// Most of them.
    pub most: i32,
    /// Within so many seconds.
    pub seconds: i64,
}

/// Counts one that is about to be sent: by an account, or by all (the nil id).
///
/// # Errors
/// [`StoreError::NotFound`] when there were as many as may be.
pub async fn count(
    on: &mut impl Keeps,
    subject: uuid::Uuid,
    channel: FactorKind,
    rule: SendRule,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "INSERT INTO strongroom.sent_code_count AS c (subject, channel, began_at, sent) VALUES ($1, $2, $3, 1)
        ON CONFLICT (subject, channel) DO UPDATE SET
            began_at = CASE WHEN c.began_at <= $3 - make_interval(secs => $4) THEN $3 ELSE c.began_at END,
            sent = CASE WHEN c.began_at <= $3 - make_interval(secs => $4) THEN 1 ELSE c.sent + 1 END
        WHERE c.began_at <= $3 - make_interval(secs => $4) OR c.sent < $5";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(subject)
        .bind::<Text, _>(channel.as_str())
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<BigInt, _>(rule.seconds)
        .bind::<Integer, _>(rule.most);
    found(query.execute(on.connection()?).await?)
}
