//! Deletions of organizations: ordered, called back, carried out, with the certificate that is left.
//!
//! Invariant: carrying one out is one transaction, from the schema to the certificate; killed at any moment it is undone, and
//! nothing is half deleted.

use super::{
    ControlTx, Keeps, Reads,
    account::found,
    column::{Column, text_enum},
    schema::deletion,
};
use crate::StoreError;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, sql_types,
    sql_types::{BigInt, Jsonb, Nullable, Text, Uuid},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, DeletionId, OrganizationId, PageSize};

text_enum! {
    /// Why an organization is deleted.
    DeletionCause {
        /// An owner ordered it.
        Order = "order",
        /// It was cancelled, and the time for exports is over.
        Window = "window",
    }
}

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = deletion)]
pub struct Deletion {
    /// Its id.
    #[diesel(deserialize_as = Column<DeletionId>)]
    pub id: DeletionId,
    /// Of which organization.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// What it was called in addresses.
    pub slug: String,
    /// What it was called.
    pub name: String,
    /// Why.
    pub cause: DeletionCause,
    /// When it was ordered.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub ordered_at: Timestamp,
    /// By which owner.
    #[diesel(deserialize_as = Column<Option<AccountId>>)]
    pub ordered_by: Option<AccountId>,
    /// It is carried out so many hours later.
    pub hours: i32,
    /// When it was called back.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub called_back_at: Option<Timestamp>,
    /// When it was carried out.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub finished_at: Option<Timestamp>,
    /// The certificate: the bytes that are signed.
    pub certificate: Option<String>,
    /// Ed25519 over them.
    pub signature: Option<Vec<u8>>,
    /// When the pages that held its rows in shared tables were written anew.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub swept_at: Option<Timestamp>,
}

impl Deletion {
    /// When it is carried out.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let later = self
            .ordered_at
            .checked_add(SignedDuration::from_hours(self.hours.into()));
        later.unwrap_or(Timestamp::MAX)
    }
}

/// A deletion to order.
#[derive(Debug, Clone)]
pub struct NewDeletion {
    /// Its id.
    pub id: DeletionId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// What it is called in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// By which owner; none: its time is over.
    pub ordered_by: Option<AccountId>,
    /// To be carried out so many hours later, 1 to 24.
    pub hours: i32,
}

/// Orders a deletion, by the database's clock.
///
/// # Errors
/// [`StoreError::Taken`] of `deletion_open` when one is ordered already.
pub async fn order(tx: &mut ControlTx, new: NewDeletion) -> Result<(), StoreError> {
    let cause = match new.ordered_by {
        Some(_) => DeletionCause::Order,
        None => DeletionCause::Window,
    };
    let row = (
        deletion::id.eq(new.id.0),
        deletion::organization_id.eq(new.organization.0),
        deletion::slug.eq(new.slug),
        deletion::name.eq(new.name),
        deletion::cause.eq(cause.as_str()),
        deletion::ordered_by.eq(new.ordered_by.map(|account| account.0)),
        deletion::hours.eq(new.hours),
    );
    let query = diesel::insert_into(deletion::table).values(row);
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// Calls an organization's open deletion back; answers which that was.
///
/// # Errors
/// [`StoreError::NotFound`] when none is open.
pub async fn call_back(
    tx: &mut ControlTx,
    organization: OrganizationId,
    by: Option<AccountId>,
) -> Result<DeletionId, StoreError> {
    let rows = deletion::table
        .filter(deletion::organization_id.eq(organization.0))
        .filter(deletion::called_back_at.is_null())
        .filter(deletion::finished_at.is_null());
    let change = (
        deletion::called_back_at.eq(diesel::dsl::sql::<sql_types::Nullable<sql_types::Timestamptz>>(
            "clock_timestamp()",
        )),
        deletion::called_back_by.eq(by.map(|account| account.0)),
    );
    let query = diesel::update(rows).set(change).returning(deletion::id);
    let id: uuid::Uuid = query.get_result(tx.connection()?).await?;
    Ok(DeletionId(id))
}

/// The organization's deletion that is ordered and not over.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_open(
    on: &mut impl Reads,
    organization: OrganizationId,
) -> Result<Option<Deletion>, StoreError> {
    let query = deletion::table
        .filter(deletion::organization_id.eq(organization.0))
        .filter(deletion::called_back_at.is_null())
        .filter(deletion::finished_at.is_null())
        .select(Deletion::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// A deletion, whether it is over or not.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(on: &mut impl Reads, id: DeletionId) -> Result<Option<Deletion>, StoreError> {
    let query = deletion::table.find(id.0).select(Deletion::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Every deletion that was not called back, newest first; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(on: &mut impl Reads) -> Result<Vec<Deletion>, StoreError> {
    let query = deletion::table
        .filter(deletion::called_back_at.is_null())
        .order((deletion::ordered_at.desc(), deletion::id.desc()))
        .limit(PageSize::MAX.into());
    Ok(query.select(Deletion::as_select()).load(on.connection()?).await?)
}

/// Deletions that are ordered and not over, the one that was ordered first before the others; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_open(on: &mut impl Reads) -> Result<Vec<Deletion>, StoreError> {
    let query = deletion::table
        .filter(deletion::called_back_at.is_null())
        .filter(deletion::finished_at.is_null())
        .order((deletion::ordered_at, deletion::id))
        .limit(PageSize::MAX.into());
    Ok(query.select(Deletion::as_select()).load(on.connection()?).await?)
}

/// Carried out before `before`, and not yet swept; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_unswept(on: &mut impl Reads, before: Timestamp) -> Result<Vec<DeletionId>, StoreError> {
    let query = deletion::table
        .filter(deletion::finished_at.lt(before.to_diesel()))
        .filter(deletion::swept_at.is_null())
        .order(deletion::finished_at)
        .limit(PageSize::MAX.into())
        .select(deletion::id);
    let ids: Vec<uuid::Uuid> = query.load(on.connection()?).await?;
    Ok(ids.into_iter().map(DeletionId).collect())
}

#[derive(diesel::QueryableByName)]
struct Counts {
    #[diesel(sql_type = Jsonb)]
    counts: serde_json::Value,
}

/// Removes the organization of a deletion that is due, within this transaction; answers how much of what there was.
///
/// # Errors
/// [`StoreError::Held`] under a hold; [`StoreError::Internal`] when it is not due; [`StoreError::Timeout`] when somebody's
/// statement holds a lock for too long: try again.
pub async fn destroy(tx: &mut ControlTx, id: DeletionId) -> Result<serde_json::Value, StoreError> {
    // Counting and dropping a large schema takes longer than a request may.
    tx.connection()?
        .batch_execute(
            "SET LOCAL statement_timeout = '30min'; SET LOCAL idle_in_transaction_session_timeout = '5min'",
        )
        .await?;
    let query =
        diesel::sql_query("SELECT strongroom.destroy_organization($1) AS counts").bind::<Uuid, _>(id.0);
    let row: Counts = query.get_result(tx.connection()?).await?;
    Ok(row.counts)
}

/// Notes that a deletion was carried out, with its certificate.
///
/// # Errors
/// [`StoreError::NotFound`] when it is over or not there.
pub async fn finish(
    tx: &mut ControlTx,
    id: DeletionId,
    at: Timestamp,
    certificate: &str,
    signature: &[u8],
) -> Result<(), StoreError> {
    let row = deletion::table
        .find(id.0)
        .filter(deletion::called_back_at.is_null())
        .filter(deletion::finished_at.is_null());
    let change = (
        deletion::finished_at.eq(Some(at.to_diesel())),
        deletion::certificate.eq(Some(certificate)),
        deletion::signature.eq(Some(signature)),
    );
    found(diesel::update(row).set(change).execute(tx.connection()?).await?)
}

#[derive(diesel::QueryableByName)]
struct Swept {
    #[diesel(sql_type = Nullable<Text>)]
    relation: Option<String>,
}

/// Takes the next step of a sweep: removes what came late, then writes the pages of one shared table anew that may have held the
/// organization's rows, the next with each call; answers what was done, and none when all is.
///
/// # Errors
/// [`StoreError::Timeout`] when the table is in use, or a transaction from before can still see what was removed: try again, it
/// goes on there.
pub async fn sweep(on: &mut impl Keeps, id: DeletionId) -> Result<Option<String>, StoreError> {
    let query = diesel::sql_query("SELECT strongroom.sweep_deletion($1) AS relation").bind::<Uuid, _>(id.0);
    let row: Swept = query.get_result(on.connection()?).await?;
    Ok(row.relation)
}

/// What is left of an organization that a certificate says is gone.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Leftover {
    /// Where.
    #[diesel(sql_type = Text)]
    pub place: String,
    /// How many rows or objects.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// Looks for what is left of organizations that are gone: schemas and roles without one, and rows of the control schema that
/// name one that is not there.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn leftovers(on: &mut impl Reads) -> Result<Vec<Leftover>, StoreError> {
    let text = "
        SELECT 'schemas' AS place, count(*) FROM pg_namespace n WHERE n.nspname ~ '^o_[a-z2-7]{26}$'
            AND NOT EXISTS (SELECT FROM strongroom.organization o WHERE o.schema_name = n.nspname) HAVING count(*) > 0
        UNION ALL SELECT 'rights of a login to this database', count(*) FROM pg_database d, aclexplode(d.datacl) a
            JOIN pg_roles r ON r.oid = a.grantee WHERE d.datname = current_database() AND r.rolname ~ '^o_[a-z2-7]{26}$'
            AND NOT EXISTS (SELECT FROM strongroom.organization o WHERE o.schema_name = r.rolname) HAVING count(*) > 0
        UNION ALL SELECT 'keys', count(*) FROM strongroom.organization_key k
            WHERE EXISTS (SELECT FROM strongroom.deletion d WHERE d.organization_id = k.organization_id AND d.finished_at IS NOT NULL) HAVING count(*) > 0
        UNION ALL SELECT 'members', count(*) FROM strongroom.membership m
            WHERE EXISTS (SELECT FROM strongroom.deletion d WHERE d.organization_id = m.organization_id AND d.finished_at IS NOT NULL) HAVING count(*) > 0
        UNION ALL SELECT 'tokens', count(*) FROM strongroom.api_token t
            WHERE EXISTS (SELECT FROM strongroom.deletion d WHERE d.organization_id = t.organization_id AND d.finished_at IS NOT NULL) HAVING count(*) > 0
        UNION ALL SELECT 'jobs', count(*) FROM strongroom.job j
            WHERE EXISTS (SELECT FROM strongroom.deletion d WHERE d.organization_id = j.organization_id AND d.finished_at IS NOT NULL) HAVING count(*) > 0
        UNION ALL SELECT 'access log', count(*) FROM strongroom.deletion d JOIN strongroom.access_event e
            ON e.organization_id = d.organization_id WHERE d.swept_at IS NOT NULL HAVING count(*) > 0";
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}
