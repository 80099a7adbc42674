//! Access events: sign-ins and requests, which members see their own of.

use super::{Keeps, Reads, column::Column, schema::access_event};
use crate::StoreError;
use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
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

/// Rows of one statement: ten columns each, and PostgreSQL takes 65,535 parameters.
const BATCH: usize = 1_000;

/// Inserts events in this order.
///
/// # Errors
/// [`StoreError::Unavailable`]; batches of a thousand before the failing one stay.
pub async fn insert_many(on: &mut impl Keeps, events: &[NewAccessEvent]) -> Result<(), StoreError> {
    for batch in events.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|event| {
                (
                    access_event::at.eq(event.at.to_diesel()),
                    access_event::account_id.eq(event.account.map(|id| id.0)),
                    access_event::organization_id.eq(event.organization.map(|id| id.0)),
                    access_event::action.eq(&event.action),
                    access_event::outcome.eq(&event.outcome),
                    access_event::status.eq(event.status),
                    access_event::method.eq(&event.method),
                    access_event::address.eq(&event.address),
                    access_event::device.eq(&event.device),
                    access_event::request_id.eq(&event.request_id),
                )
            })
            .collect();
        diesel::insert_into(access_event::table)
            .values(rows)
            .execute(on.connection()?)
            .await?;
    }
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
