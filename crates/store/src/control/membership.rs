//! Memberships: which account has which role in which organization.
//!
//! Invariant: an organization keeps an active owner. Whatever takes ownership away locks the organization's row first:
//! under READ COMMITTED two owners could otherwise demote each other.

use super::{
    ControlTx, Reads,
    account::{Account, found},
    column::{Column, member_state_name},
    organization::{Organization, list_for_account},
    schema::{account, kept_narrowing, membership, organization},
};
use crate::StoreError;
use access::{MemberState, Role};
use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Bool, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use types::{AccountId, OrganizationId, PageSize};

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = membership)]
pub struct Membership {
    /// In which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// What it may do.
    #[diesel(deserialize_as = Column<Role>)]
    pub role: Role,
    /// Whether it counts.
    #[diesel(deserialize_as = Column<MemberState>)]
    pub state: MemberState,
    /// Rights taken away, in the form of `access::Narrowing`.
    pub narrowing: serde_json::Value,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
}

/// Why a membership was not changed.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// Nobody would own the organization any more.
    #[error("the organization would be left without an owner")]
    LastOwner,
    /// The database refused, or the membership is not there.
    #[error("the membership was not changed")]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for MembershipError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Inserts a membership, with what was taken away from the last one that this account had here.
///
/// # Errors
/// [`StoreError::Taken`] of `membership_taken`, [`StoreError::Dangling`] when account or organization is not there.
pub async fn insert(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
    role: Role,
    state: MemberState,
) -> Result<(), StoreError> {
    let row = (
        membership::organization_id.eq(organization.0),
        membership::account_id.eq(account.0),
        membership::role.eq(role.as_str()),
        membership::state.eq(member_state_name(state)),
    );
    diesel::insert_into(membership::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    narrow_again(tx, organization, account).await
}

/// Takes away from a membership that was just made what was taken away from the last one.
pub(super) async fn narrow_again(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let query = diesel::delete(kept_narrowing::table.find((organization.0, account.0)));
    let query = query.returning(kept_narrowing::narrowing);
    let kept: Option<serde_json::Value> = query.get_result(tx.connection()?).await.optional()?;
    match kept {
        Some(narrowing) => set_narrowing(tx, organization, account, &narrowing).await,
        None => Ok(()),
    }
}

/// Keeps what is taken away from a membership beyond its end.
async fn keep_narrowing(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let narrowed = membership::table
        .find((organization.0, account.0))
        .filter(membership::narrowing.ne(serde_json::json!({})))
        .select((
            membership::organization_id,
            membership::account_id,
            membership::narrowing,
        ));
    narrowed
        .insert_into(kept_narrowing::table)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The membership of an account in an organization, in any state.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(
    on: &mut impl Reads,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Membership>, StoreError> {
    let query = membership::table
        .find((organization.0, account.0))
        .select(Membership::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// An organization's members with their accounts, in the order the accounts were made, those after `after`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    organization: OrganizationId,
    limit: PageSize,
    after: Option<AccountId>,
) -> Result<Vec<(Membership, Account)>, StoreError> {
    let mut query = membership::table
        .inner_join(account::table)
        .filter(membership::organization_id.eq(organization.0))
        .order(membership::account_id)
        .limit(limit.get().into())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(membership::account_id.gt(after.0));
    }
    Ok(query
        .select((Membership::as_select(), Account::as_select()))
        .load(on.connection()?)
        .await?)
}

/// Sets the role.
///
/// # Errors
/// [`MembershipError::LastOwner`]; [`StoreError::NotFound`].
pub async fn set_role(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
    role: Role,
) -> Result<(), MembershipError> {
    check_owner_remains(tx, organization, account, |member| (role, member.state)).await?;
    let query = diesel::update(membership::table.find((organization.0, account.0)));
    let changed = query
        .set(membership::role.eq(role.as_str()))
        .execute(tx.connection()?)
        .await?;
    Ok(found(changed)?)
}

/// Sets the state.
///
/// # Errors
/// As [`set_role`].
pub async fn set_state(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
    state: MemberState,
) -> Result<(), MembershipError> {
    check_owner_remains(tx, organization, account, |member| (member.role, state)).await?;
    let query = diesel::update(membership::table.find((organization.0, account.0)));
    let changed = query
        .set(membership::state.eq(member_state_name(state)))
        .execute(tx.connection()?)
        .await?;
    Ok(found(changed)?)
}

/// Whether an account is a member of another organization, in whatever state.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn is_elsewhere(
    on: &mut impl Reads,
    organization: OrganizationId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let others = membership::table
        .filter(membership::account_id.eq(account.0))
        .filter(membership::organization_id.ne(organization.0));
    let count: i64 = others.count().get_result(on.connection()?).await?;
    Ok(count > 0)
}

/// Sets what is taken away from the role.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_narrowing(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
    narrowing: &serde_json::Value,
) -> Result<(), StoreError> {
    let query = diesel::update(membership::table.find((organization.0, account.0)));
    found(
        query
            .set(membership::narrowing.eq(narrowing))
            .execute(tx.connection()?)
            .await?,
    )
}

/// Removes a membership, and what its holder's tokens could do: whoever comes back makes new ones, and is narrowed as before.
///
/// # Errors
/// As [`set_role`].
pub async fn remove(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), MembershipError> {
    check_owner_remains(tx, organization, account, |_| {
        (Role::Viewer, MemberState::Disabled)
    })
    .await?;
    keep_narrowing(tx, organization, account).await?;
    let query = diesel::delete(membership::table.find((organization.0, account.0)));
    found(query.execute(tx.connection()?).await?)?;
    Ok(super::api_token::revoke_all_of(tx, organization, account).await?)
}

/// Refuses a change after which no active account actively owns the organization, or none with a second factor that suffices
/// where one is required and there was one. `becomes` tells role and state after.
async fn check_owner_remains(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
    becomes: impl FnOnce(&Membership) -> (Role, MemberState),
) -> Result<(), MembershipError> {
    lock_organization(tx, organization).await?;
    let member = find(tx, organization, account)
        .await?
        .ok_or(StoreError::NotFound)?;
    let owns = |(role, state)| role == Role::Owner && state == MemberState::Active;
    if !owns((member.role, member.state)) || owns(becomes(&member)) {
        return Ok(());
    }
    match look_at_owners(tx, organization, account).await?.need_this_one() {
        true => Err(MembershipError::LastOwner),
        false => Ok(()),
    }
}

/// An organization that would have no owner who can sign in without this account, or none with a second factor where one is
/// required, if there is one. Owners of its organizations
/// stay as they are until this transaction ends.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn only_owner_of(
    tx: &mut ControlTx,
    account: AccountId,
) -> Result<Option<Organization>, StoreError> {
    let mut held = list_for_account(tx, account).await?;
    // In one order, so that two of these never wait for each other.
    held.sort_by_key(|(organization, _)| organization.id.0);
    for (owned, _) in held.into_iter().filter(|(_, role)| *role == Role::Owner) {
        lock_organization(tx, owned.id).await?;
        if look_at_owners(tx, owned.id, account).await?.need_this_one() {
            return Ok(Some(owned));
        }
    }
    Ok(None)
}

/// A membership as it is while this transaction holds other changes of the organization's roles up.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such organization.
pub async fn find_held(
    tx: &mut ControlTx,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Membership>, StoreError> {
    lock_organization(tx, organization).await?;
    find(tx, organization, account).await
}

/// Holds other changes of this organization's owners up until this transaction ends.
async fn lock_organization(tx: &mut ControlTx, id: OrganizationId) -> Result<(), StoreError> {
    let query = organization::table
        .find(id.0)
        .select(organization::id)
        .for_update();
    query.first::<uuid::Uuid>(tx.connection()?).await?;
    Ok(())
}

/// The owners of an organization, seen from one of them.
#[derive(diesel::QueryableByName)]
struct Owners {
    /// Other active ones.
    #[diesel(sql_type = BigInt)]
    others: i64,
    /// Of those, with a second factor that suffices for an owner.
    #[diesel(sql_type = BigInt)]
    others_secured: i64,
    /// This one has such a factor.
    #[diesel(sql_type = Bool)]
    is_secured: bool,
    /// One is required, by the organization or of everybody.
    #[diesel(sql_type = Bool)]
    required: bool,
}

impl Owners {
    fn need_this_one(&self) -> bool {
        let is_last_secured = self.required && self.is_secured && self.others_secured == 0;
        self.others == 0 || is_last_secured
    }
}

async fn look_at_owners(
    tx: &mut ControlTx,
    organization: OrganizationId,
    of: AccountId,
) -> Result<Owners, StoreError> {
    let text = "WITH owner AS (
            SELECT a.id, EXISTS (SELECT FROM strongroom.factor f WHERE f.account_id = a.id AND f.state = 'active'
                AND f.kind IN ('totp', 'passkey')) AS secured
            FROM strongroom.membership m JOIN strongroom.account a ON a.id = m.account_id
            WHERE m.organization_id = $1 AND m.role = 'owner' AND m.state = 'active' AND a.state = 'active'
                AND NOT a.barred_by_directory)
        SELECT count(*) FILTER (WHERE id <> $2) AS others, count(*) FILTER (WHERE id <> $2 AND secured) AS others_secured,
            coalesce(bool_or(secured) FILTER (WHERE id = $2), false) AS is_secured,
            EXISTS (SELECT FROM strongroom.sign_in_policy p WHERE p.policy ->> 'second_factor' = 'required'
                AND p.organization_id IN ($1, '00000000-0000-0000-0000-000000000000')) AS required
        FROM owner";
    let query = diesel::sql_query(text)
        .bind::<SqlUuid, _>(organization.0)
        .bind::<SqlUuid, _>(of.0);
    Ok(query.get_result(tx.connection()?).await?)
}
