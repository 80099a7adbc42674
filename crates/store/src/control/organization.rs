//! Organizations: tenants, each with a schema and a login role of its own.

use super::{
    ControlTx, Reads,
    account::found,
    column::{Column, member_state_name, text_enum},
    schema::{membership, organization},
};
use crate::StoreError;
use access::{MemberState, Role};
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    sql_types::{Integer, Text},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{AccountId, OrganizationId, OrganizationSlug, PageSize, SchemaName};

text_enum! {
    /// Whether an organization can be used.
    OrganizationState {
        /// It can.
        Active = "active",
        /// It was cancelled: it is read and exported, and nothing in it changes.
        Cancelled = "cancelled",
    }
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = organization)]
pub struct Organization {
    /// Its id.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub id: OrganizationId,
    /// Its name in addresses, unique.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its schema and login role.
    #[diesel(deserialize_as = Column<SchemaName>)]
    pub schema_name: SchemaName,
    /// Can be used.
    pub state: OrganizationState,
    /// The newest migration its schema has had.
    pub schema_version: i32,
    /// Stands for it in the audit log's leaves.
    #[diesel(deserialize_as = Column<[u8; 16]>)]
    pub audit_tag: [u8; 16],
    /// Its role's password, sealed.
    #[diesel(column_name = login)]
    pub login_sealed: Vec<u8>,
    /// Its policies, in the form of `access::Policies`.
    pub policies: serde_json::Value,
    /// What it requires of whoever comes in; members that this program does not know are for a newer one.
    pub requirements: serde_json::Value,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was cancelled.
    #[diesel(deserialize_as = jiff_diesel::NullableTimestamp)]
    pub cancelled_at: Option<Timestamp>,
    /// Until when it can be exported after that; then it is deleted.
    #[diesel(deserialize_as = jiff_diesel::NullableTimestamp)]
    pub export_until: Option<Timestamp>,
}

/// An organization to create.
#[derive(Clone)]
pub struct NewOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name in addresses; [`StoreError::Taken`] of `organization_slug_taken`.
    pub slug: OrganizationSlug,
    /// Its name.
    pub name: String,
    /// Its schema and login role, random.
    pub schema_name: SchemaName,
    /// Stands for it in the audit log, random.
    pub audit_tag: [u8; 16],
    /// Its role's password, sealed.
    pub login_sealed: Vec<u8>,
    /// [`crate::connect::scram_verifier`] of that password.
    pub verifier: String,
    /// When.
    pub created_at: Timestamp,
}

#[derive(diesel::QueryableByName)]
struct Reached {
    #[diesel(sql_type = Integer)]
    version: i32,
}

/// Makes the organization's schema and login role, and inserts its row.
///
/// # Errors
/// [`StoreError::Taken`] of `organization_slug_taken`.
pub async fn create(tx: &mut ControlTx, new: NewOrganization) -> Result<(), StoreError> {
    let schema = diesel::sql_query("SELECT strongroom.create_organization_schema($1, $2) AS version")
        .bind::<Text, _>(new.schema_name.as_str())
        .bind::<Text, _>(new.verifier);
    let reached: Reached = schema.get_result(tx.connection()?).await?;
    let row = (
        organization::id.eq(new.id.0),
        organization::slug.eq(new.slug.as_str()),
        organization::name.eq(new.name),
        organization::schema_name.eq(new.schema_name.as_str()),
        organization::schema_version.eq(reached.version),
        organization::audit_tag.eq(new.audit_tag.to_vec()),
        organization::login.eq(new.login_sealed),
        organization::created_at.eq(new.created_at.to_diesel()),
    );
    diesel::insert_into(organization::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The organization of a name in addresses.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_by_slug(
    on: &mut impl Reads,
    slug: &OrganizationSlug,
) -> Result<Option<Organization>, StoreError> {
    let query = organization::table.filter(organization::slug.eq(slug.as_str()));
    Ok(query
        .select(Organization::as_select())
        .first(on.connection()?)
        .await
        .optional()?)
}

/// The organization.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_by_id(on: &mut impl Reads, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
    let query = organization::table.find(id.0).select(Organization::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

#[derive(diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = membership)]
struct HeldRole {
    #[diesel(deserialize_as = Column<Role>)]
    role: Role,
}

/// The organizations in which an account is an active member, cancelled ones among them, with its role, by name; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_for_account(
    on: &mut impl Reads,
    account: AccountId,
) -> Result<Vec<(Organization, Role)>, StoreError> {
    let query = membership::table
        .inner_join(organization::table)
        .filter(membership::account_id.eq(account.0))
        .filter(membership::state.eq(member_state_name(MemberState::Active)))
        .order((organization::name, organization::id))
        .limit(PageSize::MAX.into())
        .select((Organization::as_select(), HeldRole::as_select()));
    let rows: Vec<(Organization, HeldRole)> = query.load(on.connection()?).await?;
    Ok(rows
        .into_iter()
        .map(|(organization, held)| (organization, held.role))
        .collect())
}

/// Organizations in the order they were made, those after `after`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_all(
    on: &mut impl Reads,
    limit: PageSize,
    after: Option<OrganizationId>,
) -> Result<Vec<Organization>, StoreError> {
    let mut query = organization::table
        .order(organization::id)
        .limit(limit.get().into())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(organization::id.gt(after.0));
    }
    Ok(query
        .select(Organization::as_select())
        .load(on.connection()?)
        .await?)
}

/// Sets the policies.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_policies(
    tx: &mut ControlTx,
    id: OrganizationId,
    policies: &serde_json::Value,
) -> Result<(), StoreError> {
    let query = diesel::update(organization::table.find(id.0)).set(organization::policies.eq(policies));
    found(query.execute(tx.connection()?).await?)
}

/// Sets what it requires of whoever comes in.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_requirements(
    tx: &mut ControlTx,
    id: OrganizationId,
    requirements: &serde_json::Value,
) -> Result<(), StoreError> {
    let query =
        diesel::update(organization::table.find(id.0)).set(organization::requirements.eq(requirements));
    found(query.execute(tx.connection()?).await?)
}

/// Sets the name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn rename(tx: &mut ControlTx, id: OrganizationId, name: &str) -> Result<(), StoreError> {
    let query = diesel::update(organization::table.find(id.0)).set(organization::name.eq(name));
    found(query.execute(tx.connection()?).await?)
}

/// Puts the sealed password of the database login in the place of the one that was read; says whether that was still
/// there.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn replace_login(
    tx: &mut ControlTx,
    id: OrganizationId,
    read: &[u8],
    sealed: &[u8],
) -> Result<bool, StoreError> {
    let row = organization::table
        .find(id.0)
        .filter(organization::login.eq(read));
    let query = diesel::update(row).set(organization::login.eq(sealed));
    Ok(query.execute(tx.connection()?).await? == 1)
}
