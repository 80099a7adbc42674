//! API tokens: a member's key for programs, bound to one organization. Only the secret's hash is stored.

use super::{
    ControlTx, Keeps, Reads,
    account::{Account, found},
    column::Column,
    membership::Membership,
    organization::Organization,
    schema::{account, api_token, membership, organization},
};
use crate::StoreError;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, OrganizationId, PageSize, TokenId};

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = api_token)]
pub struct ApiToken {
    /// Its id.
    #[diesel(deserialize_as = Column<TokenId>)]
    pub id: TokenId,
    /// The part of it that may be shown.
    pub public_id: String,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// For which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// What its owner calls it.
    pub name: String,
    /// The permissions it is narrowed to; `None` is all that the member's role has.
    pub permissions: Option<Vec<String>>,
    /// Rights taken away, in the form of `access::Narrowing`.
    pub narrowing: serde_json::Value,
    /// The networks that it may be used from, as `10.0.0.0/24`; none is everywhere.
    pub networks: Vec<String>,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it ends.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub expires_at: Timestamp,
    /// When it was last used.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub revoked_at: Option<Timestamp>,
}

/// A token to insert.
#[derive(Clone)]
pub struct NewApiToken {
    /// Its id.
    pub id: TokenId,
    /// The part of it that may be shown, unique.
    pub public_id: String,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// Whose.
    pub account: AccountId,
    /// For which organization.
    pub organization: OrganizationId,
    /// What its owner calls it.
    pub name: String,
    /// The permissions it is narrowed to; `None` is all that the member's role has.
    pub permissions: Option<Vec<String>>,
    /// Rights taken away, in the form of `access::Narrowing`.
    pub narrowing: serde_json::Value,
    /// The networks that it may be used from; none is everywhere.
    pub networks: Vec<String>,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token that may be used, if its secret is right and account, membership and organization are active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveToken {
    /// The token.
    pub token: ApiToken,
    /// The hash to compare the presented secret's with.
    pub secret_hash: Vec<u8>,
    /// Whose, in whatever state.
    pub account: Account,
    /// Their membership, in whatever state.
    pub membership: Membership,
    /// The organization, in whatever state.
    pub organization: Organization,
}

/// Inserts a token.
///
/// # Errors
/// [`StoreError::Dangling`] when account or organization is not there.
pub async fn insert(tx: &mut ControlTx, new: NewApiToken) -> Result<(), StoreError> {
    let row = (
        api_token::id.eq(new.id.0),
        api_token::public_id.eq(new.public_id),
        api_token::secret_hash.eq(new.secret_hash),
        api_token::account_id.eq(new.account.0),
        api_token::organization_id.eq(new.organization.0),
        api_token::name.eq(new.name),
        api_token::permissions.eq(new.permissions),
        api_token::narrowing.eq(new.narrowing),
        api_token::networks.eq(new.networks),
        api_token::created_at.eq(new.created_at.to_diesel()),
        api_token::expires_at.eq(new.expires_at.to_diesel()),
    );
    diesel::insert_into(api_token::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Revokes every token of a member.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub(super) async fn revoke_all_of(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let theirs = api_token::table
        .filter(api_token::account_id.eq(account.0))
        .filter(api_token::organization_id.eq(organization.0))
        .filter(api_token::revoked_at.is_null());
    let query = diesel::update(theirs).set(api_token::revoked_at.eq(diesel::dsl::now));
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// The token with everything that decides about it, unless it is revoked or expired or its membership is gone.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live_by_public_id(
    on: &mut impl Reads,
    public_id: &str,
    now: Timestamp,
) -> Result<Option<LiveToken>, StoreError> {
    let member = membership::organization_id.eq(api_token::organization_id);
    let member = diesel::BoolExpressionMethods::and(member, membership::account_id.eq(api_token::account_id));
    let query = api_token::table
        .inner_join(account::table)
        .inner_join(organization::table)
        .inner_join(membership::table.on(member))
        .filter(api_token::public_id.eq(public_id))
        .filter(api_token::revoked_at.is_null())
        .filter(api_token::expires_at.gt(now.to_diesel()))
        .select((
            ApiToken::as_select(),
            api_token::secret_hash,
            Account::as_select(),
            Membership::as_select(),
            Organization::as_select(),
        ));
    let row = query.first(on.connection()?).await.optional()?;
    Ok(row.map(
        |(token, secret_hash, account, membership, organization)| LiveToken {
            token,
            secret_hash,
            account,
            membership,
            organization,
        },
    ))
}

/// A token known by its id, unless it is revoked or expired.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_live(
    on: &mut impl Reads,
    id: TokenId,
    now: Timestamp,
) -> Result<Option<ApiToken>, StoreError> {
    let query = api_token::table
        .find(id.0)
        .filter(api_token::revoked_at.is_null())
        .filter(api_token::expires_at.gt(now.to_diesel()))
        .select(ApiToken::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Revokes a token of an account in an organization.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there, another's, or revoked already.
pub async fn revoke(
    tx: &mut ControlTx,
    account: AccountId,
    organization: OrganizationId,
    id: TokenId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let live = api_token::table
        .find(id.0)
        .filter(api_token::account_id.eq(account.0))
        .filter(api_token::organization_id.eq(organization.0))
        .filter(api_token::revoked_at.is_null());
    let query = diesel::update(live).set(api_token::revoked_at.eq(now.to_diesel()));
    found(query.execute(tx.connection()?).await?)
}

/// Notes that a token was used.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn touch(on: &mut impl Keeps, id: TokenId, now: Timestamp) -> Result<(), StoreError> {
    let query = diesel::update(api_token::table.find(id.0)).set(api_token::last_used_at.eq(now.to_diesel()));
    query.execute(on.connection()?).await?;
    Ok(())
}

/// An account's tokens for an organization, revoked and expired ones too, newest first; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(
    on: &mut impl Reads,
    account: AccountId,
    organization: OrganizationId,
) -> Result<Vec<ApiToken>, StoreError> {
    let query = api_token::table
        .filter(api_token::account_id.eq(account.0))
        .filter(api_token::organization_id.eq(organization.0))
        .order(api_token::id.desc())
        .limit(PageSize::MAX.into());
    Ok(query.select(ApiToken::as_select()).load(on.connection()?).await?)
}
