//! Questions to a passkey or security key that wait for their answer. What the answer is checked with arrives here sealed.
//!
//! Invariant: a question is answered once. [`take`] is one statement, so that of two at once one finds nothing; and it ends
//! by time.

use super::{Keeps, column::text_enum};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{Binary, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::AccountId;

text_enum! {
    /// What a question is part of.
    Ceremony {
        /// A key is set up.
        Enrol = "enrol",
        /// A sign-in waits for its second step.
        SignIn = "sign-in",
        /// A session is to be proved.
        Proof = "proof",
    }
}

/// Who is asked, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the question is part of.
    pub ceremony: Ceremony,
    /// The hash of the sign-in that waits, or the session's id.
    pub holder: Vec<u8>,
    /// Whose key.
    pub account: AccountId,
}

/// Asks, in the place of what was asked before; forgets questions that have ended.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn ask(
    on: &mut impl Keeps,
    asked: &Asked,
    state: Vec<u8>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    diesel::sql_query("DELETE FROM strongroom.key_challenge WHERE expires_at <= $1")
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(on.connection()?)
        .await?;
    let text = "INSERT INTO strongroom.key_challenge (ceremony, holder, account_id, state, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (ceremony, holder) DO UPDATE SET account_id = $3, state = $4, created_at = $5, expires_at = $6";
    diesel::sql_query(text)
        .bind::<Text, _>(asked.ceremony.as_str())
        .bind::<Binary, _>(asked.holder.clone())
        .bind::<Uuid, _>(asked.account.0)
        .bind::<Binary, _>(state)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Timestamptz, _>(expires_at.to_diesel())
        .execute(on.connection()?)
        .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct State {
    #[diesel(sql_type = Binary)]
    state: Vec<u8>,
}

/// Takes the question away, whatever the answer will be; none when there is none, or its time is over.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn take(on: &mut impl Keeps, asked: &Asked, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
    let text = "DELETE FROM strongroom.key_challenge
        WHERE ceremony = $1 AND holder = $2 AND account_id = $3 AND expires_at > $4 RETURNING state";
    let query = diesel::sql_query(text)
        .bind::<Text, _>(asked.ceremony.as_str())
        .bind::<Binary, _>(asked.holder.clone())
        .bind::<Uuid, _>(asked.account.0)
        .bind::<Timestamptz, _>(now.to_diesel());
    let found: Option<State> = query.get_result(on.connection()?).await.optional()?;
    Ok(found.map(|found| found.state))
}
