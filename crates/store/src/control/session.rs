//! Sessions: signed-in browsers. Only the hash of a session's token is stored.

use super::{
    ControlTx, Keeps, Reads,
    account::{Account, found},
    column::Column,
    schema::{account, session},
};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, PageSize, SessionId};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = session)]
pub struct Session {
    /// Its id.
    #[diesel(deserialize_as = Column<SessionId>)]
    pub id: SessionId,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// When it began.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was last used.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub expires_at: Timestamp,
    /// When it was ended.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub ended_at: Option<Timestamp>,
    /// The network address it began from.
    pub address: String,
    /// The browser, as it called itself.
    pub device: String,
    /// How the second step was passed, if it was.
    pub factor: Option<String>,
    /// Until when it may do what needs a fresh proof.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub elevated_until: Option<Timestamp>,
}

/// How a session passed the second step of its sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedFactor {
    /// A code of an authenticator app.
    Totp,
    /// A passkey or security key.
    Passkey,
    /// A recovery code.
    Recovery,
    /// It went past it, by a link made on the host.
    BreakGlass,
    /// The provider that the person came from saw one, and the operator lets that count.
    Provider,
}

impl PassedFactor {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Recovery => "recovery",
            Self::BreakGlass => "break-glass",
            Self::Provider => "provider",
        }
    }
}

/// A session to insert.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The hash of its token.
    pub token_hash: Vec<u8>,
    /// Whose.
    pub account: AccountId,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// The network address.
    pub address: String,
    /// The browser, as it called itself.
    pub device: String,
    /// How the second step was passed, if it was.
    pub factor: Option<PassedFactor>,
    /// Until when it may do what needs a fresh proof.
    pub elevated_until: Timestamp,
}

/// Inserts a session.
///
/// # Errors
/// [`StoreError::Dangling`] when the account is not there.
pub async fn insert(tx: &mut ControlTx, new: NewSession) -> Result<(), StoreError> {
    let row = (
        session::id.eq(new.id.0),
        session::token_hash.eq(new.token_hash),
        session::account_id.eq(new.account.0),
        session::created_at.eq(new.created_at.to_diesel()),
        session::last_seen_at.eq(new.created_at.to_diesel()),
        session::expires_at.eq(new.expires_at.to_diesel()),
        session::address.eq(new.address),
        session::device.eq(new.device),
        session::factor.eq(new.factor.map(PassedFactor::as_str)),
        session::elevated_until.eq(new.elevated_until.to_diesel()),
    );
    diesel::insert_into(session::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The session of a token, with its account in whatever state, unless it has ended or expired.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live_by_hash(
    on: &mut impl Reads,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(Session, Account)>, StoreError> {
    let query = session::table
        .inner_join(account::table)
        .filter(session::token_hash.eq(token_hash))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now.to_diesel()))
        .select((Session::as_select(), Account::as_select()));
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Notes that a session was used.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn touch(on: &mut impl Keeps, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let query = diesel::update(session::table.find(id.0)).set(session::last_seen_at.eq(now.to_diesel()));
    query.execute(on.connection()?).await?;
    Ok(())
}

/// Gives a live session a new token and time to do what needs a fresh proof; where a factor was passed, notes which.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn elevate(
    tx: &mut ControlTx,
    id: SessionId,
    token_hash: &[u8],
    factor: Option<PassedFactor>,
    until: Timestamp,
) -> Result<(), StoreError> {
    let live = session::table.find(id.0).filter(session::ended_at.is_null());
    let change = (
        session::token_hash.eq(token_hash),
        session::elevated_until.eq(until.to_diesel()),
    );
    let rows = match factor {
        Some(factor) => {
            let change = (change, session::factor.eq(factor.as_str()));
            diesel::update(live).set(change).execute(tx.connection()?).await?
        }
        None => diesel::update(live).set(change).execute(tx.connection()?).await?,
    };
    found(rows)
}

/// Ends a session.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there or has ended.
pub async fn end(tx: &mut ControlTx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let live = session::table.find(id.0).filter(session::ended_at.is_null());
    let query = diesel::update(live).set(session::ended_at.eq(now.to_diesel()));
    found(query.execute(tx.connection()?).await?)
}

/// Ends every session of an account; answers how many.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn end_all_of(tx: &mut ControlTx, account: AccountId, now: Timestamp) -> Result<usize, StoreError> {
    let live = session::table
        .filter(session::account_id.eq(account.0))
        .filter(session::ended_at.is_null());
    let query = diesel::update(live).set(session::ended_at.eq(now.to_diesel()));
    Ok(query.execute(tx.connection()?).await?)
}

/// An account's sessions that have not ended, newest first; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(
    on: &mut impl Reads,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let query = session::table
        .filter(session::account_id.eq(account.0))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now.to_diesel()))
        .order(session::id.desc())
        .limit(PageSize::MAX.into());
    Ok(query.select(Session::as_select()).load(on.connection()?).await?)
}
