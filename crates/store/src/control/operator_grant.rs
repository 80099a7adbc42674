//! Operator grants: asked for, decided, ended. What was asked for and decided is never changed.

use super::{
    ControlTx, Reads,
    account::found,
    column::{Column, text_enum},
    schema::operator_grant,
};
use crate::StoreError;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, GrantId, OrganizationId, PageSize};

text_enum! {
    /// How far a grant goes.
    GrantExtent {
        /// Looking only.
        Read = "read",
        /// Looking, and mending records and definitions.
        Repair = "repair",
    }
}

text_enum! {
    /// What an administrator said.
    GrantDecision {
        /// Yes.
        Approved = "approved",
        /// No.
        Refused = "refused",
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = operator_grant)]
pub struct OperatorGrant {
    /// Its id.
    #[diesel(deserialize_as = Column<GrantId>)]
    pub id: GrantId,
    /// To which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// Which operator's.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// How far it goes.
    pub extent: GrantExtent,
    /// What for.
    pub purpose: String,
    /// For how long, from the approval on.
    pub hours: i32,
    /// When it was asked for.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub asked_at: Timestamp,
    /// What was decided: the name of a [`GrantDecision`].
    pub decision: Option<String>,
    /// By whom.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub decided_by: Option<AccountId>,
    /// When it ends by itself.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub expires_at: Option<Timestamp>,
    /// When it was ended before.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub ended_at: Option<Timestamp>,
}

/// A grant that is asked for.
#[derive(Debug, Clone)]
pub struct NewOperatorGrant {
    /// Its id.
    pub id: GrantId,
    /// To which organization.
    pub organization: OrganizationId,
    /// Which operator's.
    pub account: AccountId,
    /// How far it is to go.
    pub extent: GrantExtent,
    /// What for.
    pub purpose: String,
    /// For how long, 1 to 24.
    pub hours: i32,
    /// Now.
    pub asked_at: Timestamp,
}

/// Inserts what is asked for.
///
/// # Errors
/// [`StoreError::Dangling`] when account or organization is not there.
pub async fn insert(tx: &mut ControlTx, new: NewOperatorGrant) -> Result<(), StoreError> {
    let row = (
        operator_grant::id.eq(new.id.0),
        operator_grant::organization_id.eq(new.organization.0),
        operator_grant::account_id.eq(new.account.0),
        operator_grant::extent.eq(new.extent.as_str()),
        operator_grant::purpose.eq(new.purpose),
        operator_grant::hours.eq(new.hours),
        operator_grant::asked_at.eq(new.asked_at.to_diesel()),
    );
    let query = diesel::insert_into(operator_grant::table).values(row);
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// The operator's grant to an organization that holds now, the one that goes furthest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_open(
    on: &mut impl Reads,
    organization: OrganizationId,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<OperatorGrant>, StoreError> {
    let query = operator_grant::table
        .filter(operator_grant::organization_id.eq(organization.0))
        .filter(operator_grant::account_id.eq(account.0))
        .filter(operator_grant::decision.eq(GrantDecision::Approved.as_str()))
        .filter(operator_grant::expires_at.gt(now.to_diesel()))
        .filter(operator_grant::ended_at.is_null())
        .order((operator_grant::extent.desc(), operator_grant::expires_at.desc()))
        .select(OperatorGrant::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Decides what was asked for since `since` and is undecided.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such thing to decide; [`StoreError::Refused`] of `operator_grant_own` by whoever
/// asked.
pub async fn decide(
    tx: &mut ControlTx,
    organization: OrganizationId,
    id: GrantId,
    decision: GrantDecision,
    by: AccountId,
    now: Timestamp,
    since: Timestamp,
) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.operator_grant SET decision = $3, decided_by = $4, decided_at = $5,
            expires_at = CASE $3 WHEN 'approved' THEN $5 + hours * interval '1 hour' END
        WHERE id = $1 AND organization_id = $2 AND decision IS NULL AND ended_at IS NULL AND asked_at > $6";
    let query = diesel::sql_query(text)
        .bind::<diesel::sql_types::Uuid, _>(id.0)
        .bind::<diesel::sql_types::Uuid, _>(organization.0)
        .bind::<Text, _>(decision.as_str())
        .bind::<diesel::sql_types::Uuid, _>(by.0)
        .bind::<diesel::sql_types::Timestamptz, _>(now.to_diesel())
        .bind::<diesel::sql_types::Timestamptz, _>(since.to_diesel());
    found(query.execute(tx.connection()?).await?)
}

/// Ends a grant of an organization, or takes back what was asked for, before its time. With `holder`, only theirs.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there, ended, refused or expired.
pub async fn end(
    tx: &mut ControlTx,
    id: GrantId,
    organization: Option<OrganizationId>,
    holder: Option<AccountId>,
    by: AccountId,
    now: Timestamp,
) -> Result<OrganizationId, StoreError> {
    let mut query = operator_grant::table
        .filter(operator_grant::id.eq(id.0))
        .filter(operator_grant::ended_at.is_null())
        .select(OperatorGrant::as_select())
        .into_boxed();
    if let Some(organization) = organization {
        query = query.filter(operator_grant::organization_id.eq(organization.0));
    }
    if let Some(holder) = holder {
        query = query.filter(operator_grant::account_id.eq(holder.0));
    }
    let grant: Option<OperatorGrant> = query.first(tx.connection()?).await.optional()?;
    let is_over = |grant: &OperatorGrant| match grant.decision {
        None => false,
        Some(_) => grant.expires_at.is_none_or(|end| end <= now),
    };
    let grant = grant
        .filter(|grant| !is_over(grant))
        .ok_or(StoreError::NotFound)?;
    let change = (
        operator_grant::ended_at.eq(now.to_diesel()),
        operator_grant::ended_by.eq(by.0),
    );
    let row = operator_grant::table
        .find(id.0)
        .filter(operator_grant::ended_at.is_null());
    found(diesel::update(row).set(change).execute(tx.connection()?).await?)?;
    Ok(grant.organization_id)
}

/// An organization's grants, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_organization(
    on: &mut impl Reads,
    organization: OrganizationId,
    limit: PageSize,
) -> Result<Vec<OperatorGrant>, StoreError> {
    let query = operator_grant::table
        .filter(operator_grant::organization_id.eq(organization.0))
        .order((operator_grant::asked_at.desc(), operator_grant::id.desc()))
        .limit(limit.get().into());
    Ok(query
        .select(OperatorGrant::as_select())
        .load(on.connection()?)
        .await?)
}

/// An operator's grants, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_account(
    on: &mut impl Reads,
    account: AccountId,
    limit: PageSize,
) -> Result<Vec<OperatorGrant>, StoreError> {
    let query = operator_grant::table
        .filter(operator_grant::account_id.eq(account.0))
        .order((operator_grant::asked_at.desc(), operator_grant::id.desc()))
        .limit(limit.get().into());
    Ok(query
        .select(OperatorGrant::as_select())
        .load(on.connection()?)
        .await?)
}

/// How grants stand, and what operators did besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct GrantFigures {
    /// That hold now.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
    /// That were approved and are over.
    #[diesel(sql_type = BigInt)]
    pub past: i64,
    /// Approved by whoever asked, by nobody who may, for longer than was asked for, or without a purpose.
    #[diesel(sql_type = BigInt)]
    pub unlawful: i64,
    /// Operators with a membership that counts.
    #[diesel(sql_type = BigInt)]
    pub operators_with_a_role: i64,
    /// Requests into an organization, by operators who are no members there, that went through without a grant.
    #[diesel(sql_type = BigInt)]
    pub outside: i64,
}

/// Counts, by the database's clock; requests of the last 30 days, by operators of now.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(on: &mut impl Reads) -> Result<GrantFigures, StoreError> {
    let text = "SELECT
        (SELECT count(*) FROM strongroom.operator_grant
            WHERE decision = 'approved' AND ended_at IS NULL AND expires_at > now()) AS open,
        (SELECT count(*) FROM strongroom.operator_grant
            WHERE decision = 'approved' AND NOT (ended_at IS NULL AND expires_at > now())) AS past,
        (SELECT count(*) FROM strongroom.operator_grant WHERE decided_by = account_id
            OR expires_at > decided_at + least(hours, 24) * interval '1 hour' OR btrim(purpose) = '') AS unlawful,
        (SELECT count(DISTINCT a.id) FROM strongroom.account a
            JOIN strongroom.membership m ON m.account_id = a.id AND m.state = 'active'
            JOIN strongroom.organization o ON o.id = m.organization_id
            WHERE a.operator AND a.state = 'active') AS operators_with_a_role,
        (SELECT count(*) FROM strongroom.account a JOIN LATERAL (
                SELECT e.organization_id, e.at FROM strongroom.access_event e
                WHERE e.account_id = a.id AND e.organization_id IS NOT NULL AND e.outcome = 'done'
                    AND e.at > now() - interval '30 days' ORDER BY e.at DESC LIMIT 10000) e ON true
            WHERE a.operator
                AND NOT EXISTS (SELECT FROM strongroom.membership m
                    WHERE m.account_id = a.id AND m.organization_id = e.organization_id)
                AND NOT EXISTS (SELECT FROM strongroom.operator_grant g
                    WHERE g.account_id = a.id AND g.organization_id = e.organization_id AND g.decision = 'approved'
                        AND e.at BETWEEN g.decided_at - interval '5 seconds'
                            AND least(g.expires_at, coalesce(g.ended_at, 'infinity')) + interval '5 seconds'))
            AS outside";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}
