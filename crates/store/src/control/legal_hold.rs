//! Legal holds: while one is in force nothing of its organization is deleted and nothing expires. The database refuses it.

use super::{
    ControlTx, Reads,
    account::found,
    column::Column,
    schema::{legal_hold, organization},
};
use crate::StoreError;
use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl, SelectableHelper, sql_types};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::NullableTimestamp;
use types::{AccountId, HoldId, OrganizationId, PageSize};

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = legal_hold)]
pub struct LegalHold {
    /// Its id.
    #[diesel(deserialize_as = Column<HoldId>)]
    pub id: HoldId,
    /// On which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// Why.
    pub reason: String,
    /// On whose order: a court, an investigator.
    pub person: String,
    /// The member who is looked into, if it is one.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub concerns: Option<AccountId>,
    /// Since when.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub placed_at: Timestamp,
    /// By which member; none: on the host.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub placed_by: Option<AccountId>,
    /// When it was lifted.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub lifted_at: Option<Timestamp>,
    /// By which member; none: on the host, or not yet.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub lifted_by: Option<AccountId>,
    /// Why it was lifted.
    pub lifted_reason: Option<String>,
}

/// A hold to place.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// Its id.
    pub id: HoldId,
    /// On which organization.
    pub organization: OrganizationId,
    /// Why, 5 to 500 characters.
    pub reason: String,
    /// On whose order, 1 to 200 characters.
    pub person: String,
    /// The member who is looked into.
    pub concerns: Option<AccountId>,
    /// By which member; none: on the host.
    pub placed_by: Option<AccountId>,
}

/// Places a hold, by the database's clock.
///
/// # Errors
/// [`StoreError::Dangling`] when the organization is not there (any more).
pub async fn place(tx: &mut ControlTx, new: NewHold) -> Result<(), StoreError> {
    let row = (
        legal_hold::id.eq(new.id.0),
        legal_hold::organization_id.eq(new.organization.0),
        legal_hold::reason.eq(new.reason),
        legal_hold::person.eq(new.person),
        legal_hold::concerns.eq(new.concerns.map(|account| account.0)),
        legal_hold::placed_by.eq(new.placed_by.map(|account| account.0)),
    );
    let query = diesel::insert_into(legal_hold::table).values(row);
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// Lifts a hold, by the database's clock.
///
/// # Errors
/// [`StoreError::NotFound`] when it is lifted or not there; [`StoreError::Refused`] of `legal_hold_own` by the member whom it
/// concerns and of `legal_hold_host` by a member where the host placed it.
pub async fn lift(
    tx: &mut ControlTx,
    organization: OrganizationId,
    id: HoldId,
    by: Option<AccountId>,
    reason: &str,
) -> Result<(), StoreError> {
    let row = legal_hold::table
        .find(id.0)
        .filter(legal_hold::organization_id.eq(organization.0))
        .filter(legal_hold::lifted_at.is_null());
    let change = (
        legal_hold::lifted_at.eq(diesel::dsl::sql::<sql_types::Nullable<sql_types::Timestamptz>>(
            "clock_timestamp()",
        )),
        legal_hold::lifted_by.eq(by.map(|account| account.0)),
        legal_hold::lifted_reason.eq(Some(reason)),
    );
    found(diesel::update(row).set(change).execute(tx.connection()?).await?)
}

/// An organization's holds, those in force first, then the newest; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(on: &mut impl Reads, organization: OrganizationId) -> Result<Vec<LegalHold>, StoreError> {
    let query = legal_hold::table
        .filter(legal_hold::organization_id.eq(organization.0))
        .order((
            legal_hold::lifted_at.is_not_null(),
            legal_hold::placed_at.desc(),
            legal_hold::id.desc(),
        ))
        .limit(PageSize::MAX.into());
    Ok(query
        .select(LegalHold::as_select())
        .load(on.connection()?)
        .await?)
}

/// A hold in force, with what its organization is called.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable)]
pub struct HoldInForce {
    /// On which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization: OrganizationId,
    /// What that is called.
    pub name: String,
    /// Since when.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub placed_at: Timestamp,
    /// By which member; none: on the host.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub placed_by: Option<AccountId>,
}

/// Every hold in force, oldest first; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_in_force(on: &mut impl Reads) -> Result<Vec<HoldInForce>, StoreError> {
    let query = legal_hold::table
        .inner_join(organization::table.on(organization::id.eq(legal_hold::organization_id)))
        .filter(legal_hold::lifted_at.is_null())
        .order((legal_hold::placed_at, legal_hold::id))
        .limit(PageSize::MAX.into())
        .select((
            legal_hold::organization_id,
            organization::name,
            legal_hold::placed_at,
            legal_hold::placed_by,
        ));
    Ok(query.load(on.connection()?).await?)
}

/// Whether a hold is in force: on one organization, or with none given on any.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn in_force(on: &mut impl Reads, organization: Option<OrganizationId>) -> Result<bool, StoreError> {
    let mut query = legal_hold::table
        .filter(legal_hold::lifted_at.is_null())
        .select(legal_hold::id)
        .limit(1)
        .into_boxed();
    if let Some(organization) = organization {
        query = query.filter(legal_hold::organization_id.eq(organization.0));
    }
    let open: Vec<uuid::Uuid> = query.load(on.connection()?).await?;
    Ok(!open.is_empty())
}
