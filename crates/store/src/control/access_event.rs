//! Access events: sign-ins and requests, which members see their own of.

mod order;

pub use order::{WAITING_MAX, Waiting, newest, settled_after, waiting_after};

use super::{Keeps, Reads};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{AccountId, OrganizationId, PageSize};

/// An access event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEvent {
    /// Its place in the order.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, if known.
    pub account_id: Option<AccountId>,
    /// Where, if in an organization.
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

/// Whose events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One account's, wherever they were.
    Account(AccountId),
    /// An organization's, and the sign-ins of its members.
    Organization(OrganizationId),
}

/// Which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only actions that begin with this.
    pub action: Option<String>,
    /// Only with this outcome: `done`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// Only from addresses that begin with this.
    pub address: Option<String>,
    /// Only from clients that call themselves something with this in it, whatever the case.
    pub device: Option<String>,
    /// Not earlier than this.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub until: Option<Timestamp>,
}

impl AccessFilter {
    /// Whether an index leads to what it leaves; else it is looked for among [`SCAN_MAX`] at a time.
    fn is_indexed(&self) -> bool {
        let Self {
            account,
            action,
            outcome,
            address,
            device,
            from: _,
            until: _,
        } = self;
        account.is_none() && action.is_none() && outcome.is_none() && address.is_none() && device.is_none()
    }
}

/// How many events are looked at for one page.
pub const SCAN_MAX: i64 = 20_000;

/// Events that pass a filter, newest first, and how far was looked for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The events.
    pub events: Vec<AccessEvent>,
    /// The last event that was looked at, when there are older ones: its number and its time.
    pub looked_until: Option<(i64, Timestamp)>,
}

/// The one order of the log: by time, then by number.
#[derive(Debug, Clone, Copy, diesel::QueryableByName)]
struct Mark {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    at: Timestamp,
}

/// What signing in and out is called; these are in no organization, and of the members' concern in each. The index
/// `access_event_way_in` names the same ones.
pub(super) const DOORS: &str = "e.action IN ('sign-in', 'sign-in-begun', 'sign-in-code', 'sign-in-key', 'openid', 'sign-out', 'break-glass')";

/// The parts that `whose` is put together of, each with an index in the order of the log.
fn parts(whose: Whose) -> Vec<String> {
    match whose {
        Whose::Account(_) => vec!["e.account_id = $1".to_owned()],
        Whose::Organization(_) => vec![
            "e.organization_id = $1".to_owned(),
            format!(
                "{DOORS} AND e.organization_id IS NULL AND e.account_id IN
                    (SELECT account_id FROM strongroom.membership WHERE organization_id = $1)"
            ),
        ],
    }
}

/// Between what bounds the parts are read.
struct Window {
    whose: Whose,
    before: Mark,
    /// Not before this one.
    from: Mark,
}

impl Window {
    fn id(&self) -> uuid::Uuid {
        match self.whose {
            Whose::Account(id) => id.0,
            Whose::Organization(id) => id.0,
        }
    }

    /// The place of the last event to look at, when there are more than [`SCAN_MAX`].
    async fn edge(&self, on: &mut impl Reads) -> Result<Option<Mark>, StoreError> {
        let mut edge: Option<Mark> = None;
        for part in parts(self.whose) {
            let text = format!(
                "SELECT e.id, e.at FROM strongroom.access_event e
                WHERE {part} AND (e.at, e.id) < ($2, $3) AND (e.at, e.id) >= ($4, $5)
                ORDER BY e.at DESC, e.id DESC OFFSET {} LIMIT 1",
                SCAN_MAX - 1
            );
            let query = diesel::sql_query(text)
                .bind::<SqlUuid, _>(self.id())
                .bind::<Timestamptz, _>(self.before.at.to_diesel())
                .bind::<BigInt, _>(self.before.id)
                .bind::<Timestamptz, _>(self.from.at.to_diesel())
                .bind::<BigInt, _>(self.from.id);
            let last: Option<Mark> = query.get_result(on.connection()?).await.optional()?;
            edge = match (edge, last) {
                (Some(one), Some(other)) => Some(if (one.at, one.id) > (other.at, other.id) {
                    one
                } else {
                    other
                }),
                (one, other) => one.or(other),
            };
        }
        Ok(edge)
    }
}

/// Events that pass the filter, newest first, those before the event of the number `before`. A filter that leaves next to
/// nothing of very many looks at [`SCAN_MAX`] of them and says how far that was.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    whose: Whose,
    filter: &AccessFilter,
    limit: PageSize,
    before: Option<i64>,
) -> Result<Found, StoreError> {
    let Some(before) = place_of(on, before, filter.until).await? else {
        return Ok(Found::default());
    };
    let from = Mark {
        id: i64::MIN,
        at: filter.from.unwrap_or(EARLIEST).max(EARLIEST),
    };
    let mut window = Window { whose, before, from };
    let edge = match filter.is_indexed() {
        true => None,
        false => window.edge(on).await?,
    };
    window.from = edge.unwrap_or(from);
    let events = matching(on, &window, filter, limit).await?;
    let full = events.len() == usize::from(limit.get());
    let last = events.last().map(|event| (event.id, event.at));
    let looked_until = match full {
        true => last,
        false => edge.map(|edge| (edge.id, edge.at)),
    };
    Ok(Found { events, looked_until })
}

/// Before any event, and what PostgreSQL can still hold.
const EARLIEST: Timestamp = Timestamp::UNIX_EPOCH;

/// Where to begin: before the event of that number, and before `until`. None when that event is gone, and all older ones
/// with it.
async fn place_of(
    on: &mut impl Reads,
    before: Option<i64>,
    until: Option<Timestamp>,
) -> Result<Option<Mark>, StoreError> {
    // After every event: a clock that was ahead for a while must not hide what was written then.
    let end = Mark {
        id: i64::MAX,
        at: Timestamp::from_second(7_258_118_400).unwrap_or(Timestamp::MAX),
    };
    let until = until.map_or(end, |at| Mark {
        id: i64::MIN,
        at: at.min(end.at),
    });
    let Some(before) = before else {
        return Ok(Some(until));
    };
    let text = "SELECT id, at FROM strongroom.access_event WHERE id = $1 LIMIT 1";
    let query = diesel::sql_query(text).bind::<BigInt, _>(before);
    let found: Option<Mark> = query.get_result(on.connection()?).await.optional()?;
    Ok(
        found.map(|found| match (found.at, found.id) < (until.at, until.id) {
            true => found,
            false => until,
        }),
    )
}

async fn matching(
    on: &mut impl Reads,
    window: &Window,
    filter: &AccessFilter,
    limit: PageSize,
) -> Result<Vec<AccessEvent>, StoreError> {
    let part = |part: String| {
        format!(
            "(SELECT e.* FROM strongroom.access_event e
            WHERE {part} AND (e.at, e.id) < ($2, $3) AND (e.at, e.id) >= ($4, $5)
                AND ($6::uuid IS NULL OR e.account_id = $6)
                AND ($7::text IS NULL OR e.outcome = $7)
                AND ($8::text IS NULL OR starts_with(e.action, $8))
                AND ($9::text IS NULL OR starts_with(e.address, $9))
                AND ($10::text IS NULL OR strpos(lower(e.device), lower($10)) > 0)
            ORDER BY e.at DESC, e.id DESC LIMIT $11)"
        )
    };
    let parts: Vec<String> = parts(window.whose).into_iter().map(part).collect();
    let text = format!(
        "SELECT id, at, account_id, organization_id, action, outcome, status, method, address, device, request_id
        FROM ({}) m ORDER BY at DESC, id DESC LIMIT $11",
        parts.join(" UNION ALL ")
    );
    let query = diesel::sql_query(text)
        .bind::<SqlUuid, _>(window.id())
        .bind::<Timestamptz, _>(window.before.at.to_diesel())
        .bind::<BigInt, _>(window.before.id)
        .bind::<Timestamptz, _>(window.from.at.to_diesel())
        .bind::<BigInt, _>(window.from.id)
        .bind::<Nullable<SqlUuid>, _>(filter.account.map(|id| id.0))
        .bind::<Nullable<Text>, _>(filter.outcome.as_deref())
        .bind::<Nullable<Text>, _>(filter.action.as_deref())
        .bind::<Nullable<Text>, _>(filter.address.as_deref())
        .bind::<Nullable<Text>, _>(filter.device.as_deref())
        .bind::<BigInt, _>(i64::from(limit.get()));
    let rows: Vec<EventRow> = query.load(on.connection()?).await?;
    Ok(rows.into_iter().map(AccessEvent::from).collect())
}

/// An event as a written query gives it.
#[derive(diesel::QueryableByName)]
struct EventRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    at: Timestamp,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    account_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    organization_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Integer>)]
    status: Option<i32>,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    device: String,
    #[diesel(sql_type = Text)]
    request_id: String,
}

impl From<EventRow> for AccessEvent {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            account_id: row.account_id.map(AccountId),
            organization_id: row.organization_id.map(OrganizationId),
            action: row.action,
            outcome: row.outcome,
            status: row.status,
            method: row.method,
            address: row.address,
            device: row.device,
            request_id: row.request_id,
        }
    }
}
