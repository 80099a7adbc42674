//! Reading the appliance's own audit entries: acts on accounts, access and settings.

use super::{Reads, column::Column, schema::entry};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use types::{EntryId, OrganizationId, PageSize};

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = entry)]
pub struct StoredEntry {
    /// Its id.
    #[diesel(deserialize_as = Column<EntryId>)]
    pub id: EntryId,
    /// Its place in the order of appending; gaps are transactions that rolled back.
    pub sequence: i64,
    /// The organization that sees it.
    #[diesel(deserialize_as = Column<Option<OrganizationId>>)]
    pub organization_id: Option<OrganizationId>,
    /// As [`crate::NewEntry::kind`].
    pub kind: i16,
    /// The version of the key that sealed the header.
    pub key_version: i32,
    /// The sealed header.
    pub header: Vec<u8>,
    /// Commitment to the header.
    #[diesel(deserialize_as = Column<[u8; 32]>)]
    pub c_header: [u8; 32],
    /// Commitment of the version before.
    #[diesel(deserialize_as = Column<[u8; 32]>)]
    pub c_before: [u8; 32],
    /// Commitment to the after-image.
    #[diesel(deserialize_as = Column<[u8; 32]>)]
    pub c_after: [u8; 32],
    /// When the database appended it.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub appended_at: Timestamp,
}

/// How many were appended after a moment.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_since(on: &mut impl Reads, moment: Timestamp) -> Result<i64, StoreError> {
    let query = entry::table.filter(entry::appended_at.gt(moment.to_diesel()));
    Ok(query.count().get_result(on.connection()?).await?)
}

/// Entries, newest first, those before `before`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    limit: PageSize,
    before: Option<i64>,
) -> Result<Vec<StoredEntry>, StoreError> {
    let query = entry::table
        .filter(entry::sequence.lt(before.unwrap_or(i64::MAX)))
        .order(entry::sequence.desc())
        .limit(limit.get().into());
    Ok(query
        .select(StoredEntry::as_select())
        .load(on.connection()?)
        .await?)
}

/// Entries in their order, those after `after`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_after(
    on: &mut impl Reads,
    limit: PageSize,
    after: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let query = entry::table
        .filter(entry::sequence.gt(after))
        .order(entry::sequence.asc())
        .limit(limit.get().into());
    Ok(query
        .select(StoredEntry::as_select())
        .load(on.connection()?)
        .await?)
}

/// The entries with these commitments to their headers, of those that were made between two moments: ids are in the order of time.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_committed(
    on: &mut impl Reads,
    headers: &[[u8; 32]],
    (since, until): (EntryId, EntryId),
) -> Result<Vec<StoredEntry>, StoreError> {
    let headers: Vec<&[u8]> = headers.iter().map(<[u8; 32]>::as_slice).collect();
    let query = entry::table
        .filter(entry::id.between(since.0, until.0))
        .filter(entry::c_header.eq_any(headers));
    Ok(query
        .select(StoredEntry::as_select())
        .load(on.connection()?)
        .await?)
}

/// Most entries of one kind that are given.
pub const OF_KIND_MAX: i64 = 1_000;

/// The newest entries of a kind that is rare.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_kind(on: &mut impl Reads, kind: i16) -> Result<Vec<StoredEntry>, StoreError> {
    newest(on, entry::table.filter(entry::kind.eq(kind)).into_boxed()).await
}

/// The same of those that no organization sees.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_appliance(on: &mut impl Reads, kind: i16) -> Result<Vec<StoredEntry>, StoreError> {
    let of_kind = entry::table.filter(entry::kind.eq(kind));
    newest(on, of_kind.filter(entry::organization_id.is_null()).into_boxed()).await
}

async fn newest(
    on: &mut impl Reads,
    some: entry::BoxedQuery<'_, Pg>,
) -> Result<Vec<StoredEntry>, StoreError> {
    let query = some.order(entry::sequence.desc()).limit(OF_KIND_MAX);
    Ok(query
        .select(StoredEntry::as_select())
        .load(on.connection()?)
        .await?)
}

/// Entries of some kinds in a time, of everything or that an organization sees, newest first; at most `limit`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_newest_between(
    on: &mut impl Reads,
    organization: Option<OrganizationId>,
    kinds: &[i16],
    begins_at: Timestamp,
    ends_at: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let mut query = entry::table
        .filter(entry::kind.eq_any(kinds.to_vec()))
        .filter(entry::appended_at.ge(begins_at.to_diesel()))
        .filter(entry::appended_at.lt(ends_at.to_diesel()))
        .order(entry::sequence.desc())
        .limit(limit)
        .select(StoredEntry::as_select())
        .into_boxed();
    if let Some(organization) = organization {
        query = query.filter(entry::organization_id.eq(organization.0));
    }
    Ok(query.load(on.connection()?).await?)
}

/// Entries that an organization sees, newest first, those before `before`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_organization(
    on: &mut impl Reads,
    organization: OrganizationId,
    limit: PageSize,
    before: Option<i64>,
) -> Result<Vec<StoredEntry>, StoreError> {
    let query = entry::table
        .filter(entry::organization_id.eq(organization.0))
        .filter(entry::sequence.lt(before.unwrap_or(i64::MAX)))
        .order(entry::sequence.desc())
        .limit(limit.get().into());
    Ok(query
        .select(StoredEntry::as_select())
        .load(on.connection()?)
        .await?)
}

/// The entry.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(on: &mut impl Reads, id: EntryId) -> Result<Option<StoredEntry>, StoreError> {
    let query = entry::table.find(id.0).select(StoredEntry::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// How many entries there are.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count(on: &mut impl Reads) -> Result<i64, StoreError> {
    Ok(entry::table.count().get_result(on.connection()?).await?)
}
