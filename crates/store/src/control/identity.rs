//! Who accounts are elsewhere: at OpenID providers, in directories; and who waits to be let in.
//!
//! Invariant: an identity is (source, subject). No function here finds an account by an address.

use super::{
    ControlTx, Reads,
    account::{Account, found},
    column::{Column, text_enum},
    schema::{account, identity, identity_request},
};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{AccountId, PageSize, SourceId};

text_enum! {
    /// What kind of source an identity is of.
    SourceKind {
        /// An OpenID provider.
        OpenId = "openid",
        /// A directory.
        Directory = "directory",
    }
}

/// One source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    /// Its kind.
    pub kind: SourceKind,
    /// Which one.
    pub id: SourceId,
}

/// An identity of an account.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = identity)]
pub struct Identity {
    /// The kind of source.
    pub source_kind: SourceKind,
    /// Which source.
    #[diesel(deserialize_as = Column<SourceId>)]
    pub source_id: SourceId,
    /// Who, there.
    pub subject: String,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// Since when.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = identity_request)]
pub struct IdentityRequest {
    /// Who, there.
    pub subject: String,
    /// What the source calls them.
    pub name: Option<String>,
    /// Their address, as the source says.
    pub email: Option<String>,
    /// Since when.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub asked_at: Timestamp,
}

/// The account of a subject, in whatever state.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_account(
    on: &mut impl Reads,
    source: Source,
    subject: &str,
) -> Result<Option<Account>, StoreError> {
    let query = identity::table
        .inner_join(account::table)
        .filter(identity::source_kind.eq(source.kind.as_str()))
        .filter(identity::source_id.eq(source.id.0))
        .filter(identity::subject.eq(subject))
        .select(Account::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Ties a subject to an account.
///
/// # Errors
/// [`StoreError::Taken`] of `identity_taken` when the subject has an account, of `identity_one_of_source` when the account is
/// somebody else of this source; [`StoreError::Dangling`].
pub async fn insert(
    tx: &mut ControlTx,
    source: Source,
    subject: &str,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        identity::source_kind.eq(source.kind.as_str()),
        identity::source_id.eq(source.id.0),
        identity::subject.eq(subject),
        identity::account_id.eq(account.0),
        identity::created_at.eq(now.to_diesel()),
    );
    diesel::insert_into(identity::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Unties whatever subject of the source the account is.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut ControlTx, source: Source, account: AccountId) -> Result<(), StoreError> {
    let query = diesel::delete(
        identity::table
            .filter(identity::source_kind.eq(source.kind.as_str()))
            .filter(identity::source_id.eq(source.id.0))
            .filter(identity::account_id.eq(account.0)),
    );
    found(query.execute(tx.connection()?).await?)
}

/// Unties everybody of a source, and forgets who waited; answers how many were tied.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn delete_all_of(tx: &mut ControlTx, source: Source) -> Result<usize, StoreError> {
    let waiting = identity_request::table
        .filter(identity_request::source_kind.eq(source.kind.as_str()))
        .filter(identity_request::source_id.eq(source.id.0));
    diesel::delete(waiting).execute(tx.connection()?).await?;
    let tied = identity::table
        .filter(identity::source_kind.eq(source.kind.as_str()))
        .filter(identity::source_id.eq(source.id.0));
    Ok(diesel::delete(tied).execute(tx.connection()?).await?)
}

/// An account's identities, oldest first; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(on: &mut impl Reads, account: AccountId) -> Result<Vec<Identity>, StoreError> {
    let query = identity::table
        .filter(identity::account_id.eq(account.0))
        .order((identity::created_at, identity::source_id))
        .limit(PageSize::MAX.into());
    Ok(query.select(Identity::as_select()).load(on.connection()?).await?)
}

/// How many accounts a source knows.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count(on: &mut impl Reads, source: Source) -> Result<i64, StoreError> {
    let query = identity::table
        .filter(identity::source_kind.eq(source.kind.as_str()))
        .filter(identity::source_id.eq(source.id.0));
    Ok(query.count().get_result(on.connection()?).await?)
}

/// Notes that somebody wants to be let in; who waits already keeps their place with the name of now.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn ask(tx: &mut ControlTx, source: Source, request: &IdentityRequest) -> Result<(), StoreError> {
    let row = (
        identity_request::source_kind.eq(source.kind.as_str()),
        identity_request::source_id.eq(source.id.0),
        identity_request::subject.eq(&request.subject),
        identity_request::name.eq(&request.name),
        identity_request::email.eq(&request.email),
        identity_request::asked_at.eq(request.asked_at.to_diesel()),
    );
    diesel::insert_into(identity_request::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Who waits, oldest first; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_requests(on: &mut impl Reads, source: Source) -> Result<Vec<IdentityRequest>, StoreError> {
    let query = identity_request::table
        .filter(identity_request::source_kind.eq(source.kind.as_str()))
        .filter(identity_request::source_id.eq(source.id.0))
        .order((identity_request::asked_at, identity_request::subject))
        .limit(PageSize::MAX.into());
    Ok(query
        .select(IdentityRequest::as_select())
        .load(on.connection()?)
        .await?)
}

/// Takes somebody off the list and gives what is known of them.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn take_request(
    tx: &mut ControlTx,
    source: Source,
    subject: &str,
) -> Result<IdentityRequest, StoreError> {
    let waiting = identity_request::table
        .filter(identity_request::source_kind.eq(source.kind.as_str()))
        .filter(identity_request::source_id.eq(source.id.0))
        .filter(identity_request::subject.eq(subject));
    Ok(diesel::delete(waiting)
        .returning(IdentityRequest::as_returning())
        .get_result(tx.connection()?)
        .await?)
}
