//! Access events: sign-ins and requests, which members see their own of.

use super::{Keeps, Reads, column::Column, schema::access_event};
use crate::StoreError;
use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{AccountId, OrganizationId, PageSize};

/// An access event.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = access_event)]
pub struct AccessEvent {
    /// Its place in the order.
    pub id: i64,
    /// When.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub at: Timestamp,
    /// Who, if known.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub account_id: Option<AccountId>,
    /// Where, if in an organization.
    #[diesel(deserialize_as = Column<Option<OrganizationId>>)]
    pub organization_id: Option<OrganizationId>,
    /// `sign-in`, `sign-out`, or method and route.
    pub action: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// The HTTP status.
    pub status: Option<i32>,
    /// `password`, `session`, `token` or `none`.
    pub method: String,
    /// The network address.
    pub address: String,
    /// The client, as it called itself.
    pub device: String,
    /// The request's id.
    pub request_id: String,
}

/// An event to insert; fields as in [`AccessEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessEvent {
    /// When.
    pub at: Timestamp,
    /// Who, if known.
    pub account: Option<AccountId>,
    /// Where, if in an organization.
    pub organization: Option<OrganizationId>,
    /// `sign-in`, `sign-out`, or method and route.
    pub action: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// The HTTP status.
    pub status: Option<i32>,
    /// `password`, `session`, `token` or `none`.
    pub method: String,
    /// The network address.
    pub address: String,
    /// The client, as it called itself.
    pub device: String,
    /// The request's id.
    pub request_id: String,
}

/// Inserts events in this order, in one statement: an array for each column, so that its text is always the same.
///
/// # Errors
/// [`StoreError::Unavailable`]; nothing is written then.
pub async fn insert_many(on: &mut impl Keeps, events: &[NewAccessEvent]) -> Result<(), StoreError> {
    let text = "INSERT INTO strongroom.access_event
            (at, account_id, organization_id, action, outcome, status, method, address, device, request_id)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let texts = |column: fn(&NewAccessEvent) -> &String| events.iter().map(column).collect::<Vec<_>>();
    let at: Vec<_> = events.iter().map(|event| event.at.to_diesel()).collect();
    let accounts: Vec<_> = events.iter().map(|event| event.account.map(|id| id.0)).collect();
    let organizations: Vec<_> = events
        .iter()
        .map(|event| event.organization.map(|id| id.0))
        .collect();
    let statuses: Vec<_> = events.iter().map(|event| event.status).collect();
    diesel::sql_query(text)
        .bind::<Array<Timestamptz>, _>(at)
        .bind::<Array<Nullable<SqlUuid>>, _>(accounts)
        .bind::<Array<Nullable<SqlUuid>>, _>(organizations)
        .bind::<Array<Text>, _>(texts(|event| &event.action))
        .bind::<Array<Text>, _>(texts(|event| &event.outcome))
        .bind::<Array<Nullable<Integer>>, _>(statuses)
        .bind::<Array<Text>, _>(texts(|event| &event.method))
        .bind::<Array<Text>, _>(texts(|event| &event.address))
        .bind::<Array<Text>, _>(texts(|event| &event.device))
        .bind::<Array<Text>, _>(texts(|event| &event.request_id))
        .execute(on.connection()?)
        .await?;
    Ok(())
}

/// An account's events, newest first, those before `before`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_account(
    on: &mut impl Reads,
    account: AccountId,
    limit: PageSize,
    before: Option<i64>,
) -> Result<Vec<AccessEvent>, StoreError> {
    let query = access_event::table
        .filter(access_event::account_id.eq(account.0))
        .filter(access_event::id.lt(before.unwrap_or(i64::MAX)))
        .order(access_event::id.desc())
        .limit(limit.get().into());
    Ok(query
        .select(AccessEvent::as_select())
        .load(on.connection()?)
        .await?)
}

/// Which of an organization's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only with this outcome: `done`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// Not earlier than this.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub until: Option<Timestamp>,
}

/// An organization's events that pass the filter, newest first, those before `before`.
///
/// # Errors
/// [`StoreError::Unavailable`]; [`StoreError::Timeout`] when a filter leaves next to nothing of very many.
pub async fn list_of_organization(
    on: &mut impl Reads,
    organization: OrganizationId,
    filter: &AccessFilter,
    limit: PageSize,
    before: Option<i64>,
) -> Result<Vec<AccessEvent>, StoreError> {
    let mut query = access_event::table
        .filter(access_event::organization_id.eq(organization.0))
        .filter(access_event::id.lt(before.unwrap_or(i64::MAX)))
        .order(access_event::id.desc())
        .limit(limit.get().into())
        .into_boxed();
    if let Some(account) = filter.account {
        query = query.filter(access_event::account_id.eq(account.0));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(access_event::outcome.eq(outcome.clone()));
    }
    if let Some(from) = filter.from {
        query = query.filter(access_event::at.ge(from.to_diesel()));
    }
    if let Some(until) = filter.until {
        query = query.filter(access_event::at.lt(until.to_diesel()));
    }
    Ok(query
        .select(AccessEvent::as_select())
        .load(on.connection()?)
        .await?)
}
