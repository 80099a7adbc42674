//! An organization's entries and images, read back: for people, and for checking the log against the data.

use super::{Tenant, TenantTx, row::commitment};
use crate::StoreError;
use jiff::Timestamp;
use tokio_postgres::Row;
use types::{Dataset, DatasetId, EntryId, RecordId};

/// An appended entry.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its id.
    pub id: EntryId,
    /// Its place in the organization's log.
    pub sequence: i64,
    /// Its kind, see [`crate::NewEntry::kind`].
    pub kind: i16,
    /// The key version of header and image.
    pub key_version: i32,
    /// The sealed header.
    pub header: Vec<u8>,
    /// Commitment to the header.
    pub c_header: [u8; 32],
    /// Commitment of the version before.
    pub c_before: [u8; 32],
    /// Commitment to the after-image.
    pub c_after: [u8; 32],
    /// The transaction, as the database counts it.
    pub transaction: String,
    /// When the database appended it.
    pub appended_at: Timestamp,
}

/// A stored image.
#[derive(Debug, Clone)]
pub struct StoredImage {
    /// Whose.
    pub record: RecordId,
    /// Of which version.
    pub version: i64,
    /// Of which dataset.
    pub dataset: DatasetId,
    /// The entry of the act that made it.
    pub entry: EntryId,
    /// Its place within a bulk act.
    pub ordinal: i32,
    /// The key version that wraps its record key.
    pub key_version: i32,
    /// Its commitment.
    pub commitment: [u8; 32],
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

pub(super) const ENTRY_COLUMNS: &str =
    "id, sequence, kind, key_version, header, c_header, c_before, c_after, transaction_id::text, appended_at";
const IMAGE_COLUMNS: &str =
    "record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed";

pub(super) fn read_entry(row: &Row) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry {
        id: EntryId(row.try_get(0)?),
        sequence: row.try_get(1)?,
        kind: row.try_get(2)?,
        key_version: row.try_get(3)?,
        header: row.try_get(4)?,
        c_header: commitment(row.try_get(5)?)?,
        c_before: commitment(row.try_get(6)?)?,
        c_after: commitment(row.try_get(7)?)?,
        transaction: row.try_get(8)?,
        appended_at: row.try_get(9)?,
    })
}

pub(super) fn read_image(row: &Row) -> Result<StoredImage, StoreError> {
    Ok(StoredImage {
        record: RecordId(row.try_get(0)?),
        version: row.try_get(1)?,
        dataset: DatasetId(row.try_get(2)?),
        entry: EntryId(row.try_get(3)?),
        ordinal: row.try_get(4)?,
        key_version: row.try_get(5)?,
        commitment: commitment(row.try_get(6)?)?,
        sealed: row.try_get(7)?,
    })
}

/// Entries, newest first, before a sequence number.
///
/// # Errors
/// What the connection reports.
pub async fn list_entries(
    tenant: &Tenant,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &[&before.unwrap_or(i64::MAX), &limit])
        .await?;
    rows.iter().map(read_entry).collect()
}

/// Entries in their order, after a sequence number, as a snapshot sees them.
///
/// # Errors
/// What the connection reports.
pub async fn entries_after(tx: &TenantTx, after: i64, limit: i64) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        tx.tenant.schema()
    );
    let rows = tx.connection()?.client.query(&text, &[&after, &limit]).await?;
    rows.iter().map(read_entry).collect()
}

/// Entries in their order, after a sequence number.
///
/// # Errors
/// What the connection reports.
pub async fn list_entries_after(
    tenant: &Tenant,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection.client.query(&statement, &[&after, &limit]).await?;
    rows.iter().map(read_entry).collect()
}

/// The entries with these commitments to their headers, of those that were made between two moments: ids are in the order of time.
///
/// # Errors
/// What the connection reports.
pub async fn find_committed(
    tenant: &Tenant,
    headers: &[[u8; 32]],
    (since, until): (EntryId, EntryId),
) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE id BETWEEN $1 AND $2 AND c_header = ANY ($3)",
        tenant.schema()
    );
    let headers: Vec<&[u8]> = headers.iter().map(<[u8; 32]>::as_slice).collect();
    let connection = tenant.reader().await?;
    let rows = connection
        .client
        .query(&text, &[&since.0, &until.0, &headers])
        .await?;
    rows.iter().map(read_entry).collect()
}

/// The images that an entry made, in the order of the act, after one of them; of one record where the act was on one, which
/// finds them by key.
///
/// # Errors
/// What the connection reports.
pub async fn images_of_entry(
    tenant: &Tenant,
    entry: EntryId,
    record: Option<RecordId>,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredImage>, StoreError> {
    let text = format!(
        "SELECT {IMAGE_COLUMNS} FROM {}._image WHERE entry_id = $1 AND ($2::uuid IS NULL OR record_id = $2)
            AND ordinal > $3 ORDER BY ordinal LIMIT $4",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let of_record = record.map(|record| record.0);
    let rows = connection
        .client
        .query(&text, &[&entry.0, &of_record, &after, &limit])
        .await?;
    rows.iter().map(read_image).collect()
}

/// Which of these entries made a version of a record, each with the version and the dataset that it was of.
///
/// # Errors
/// What the connection reports.
pub async fn versions_by(
    tenant: &Tenant,
    record: RecordId,
    entries: &[EntryId],
) -> Result<Vec<(EntryId, i64, DatasetId)>, StoreError> {
    let text = format!(
        "SELECT entry_id, version, dataset_id FROM {}._image WHERE record_id = $1 AND entry_id = ANY($2)",
        tenant.schema()
    );
    let entries: Vec<uuid::Uuid> = entries.iter().map(|entry| entry.0).collect();
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &[&record.0, &entries])
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                EntryId(row.try_get(0)?),
                row.try_get(1)?,
                DatasetId(row.try_get(2)?),
            ))
        })
        .collect()
}

/// The entry of that id.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find_entry(tenant: &Tenant, id: EntryId) -> Result<StoredEntry, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE id = $1",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    read_entry(
        &connection
            .client
            .query_opt(&statement, &[&id.0])
            .await?
            .ok_or(StoreError::NotFound)?,
    )
}

/// A record's images with their entries, newest first.
///
/// # Errors
/// What the connection reports.
pub async fn history(
    tenant: &Tenant,
    record: RecordId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<(StoredImage, StoredEntry)>, StoreError> {
    let text = format!(
        "SELECT i.record_id, i.version, i.dataset_id, i.entry_id, i.ordinal, i.key_version, i.commitment, i.sealed,
            e.id, e.sequence, e.kind, e.key_version, e.header, e.c_header, e.c_before, e.c_after, e.transaction_id::text,
            e.appended_at
         FROM {0}._image i JOIN {0}._entry e ON e.id = i.entry_id
         WHERE i.record_id = $1 AND i.version < $2 ORDER BY i.version DESC LIMIT $3",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &[&record.0, &before.unwrap_or(i64::MAX), &limit])
        .await?;
    rows.iter()
        .map(|row| Ok((read_image(row)?, read_entry_from(row, 8)?)))
        .collect()
}

fn read_entry_from(row: &Row, at: usize) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry {
        id: EntryId(row.try_get(at)?),
        sequence: row.try_get(at + 1)?,
        kind: row.try_get(at + 2)?,
        key_version: row.try_get(at + 3)?,
        header: row.try_get(at + 4)?,
        c_header: commitment(row.try_get(at + 5)?)?,
        c_before: commitment(row.try_get(at + 6)?)?,
        c_after: commitment(row.try_get(at + 7)?)?,
        transaction: row.try_get(at + 8)?,
        appended_at: row.try_get(at + 9)?,
    })
}

/// Images in the order of records and versions, after one of them, as a snapshot sees them.
///
/// # Errors
/// What the connection reports.
pub async fn images_after(
    tx: &TenantTx,
    after: Option<(RecordId, i64)>,
    limit: i64,
) -> Result<Vec<StoredImage>, StoreError> {
    let (record, version) = after.map_or((uuid::Uuid::nil(), 0), |(record, version)| (record.0, version));
    let text = format!(
        "SELECT {IMAGE_COLUMNS} FROM {}._image WHERE (record_id, version) > ($1, $2) ORDER BY record_id, version LIMIT $3",
        tx.tenant.schema()
    );
    let rows = tx
        .connection()?
        .client
        .query(&text, &[&record, &version, &limit])
        .await?;
    rows.iter().map(read_image).collect()
}

/// Entries of some kinds in a time, newest first; at most `limit`.
///
/// # Errors
/// What the connection reports.
pub async fn newest_entries_between(
    tenant: &Tenant,
    kinds: &[i16],
    begins_at: Timestamp,
    ends_at: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {ENTRY_COLUMNS} FROM {}._entry WHERE kind = ANY($1) AND appended_at >= $2 AND appended_at < $3
         ORDER BY sequence DESC LIMIT $4",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection
        .client
        .query(&text, &[&kinds, &begins_at, &ends_at, &limit])
        .await?;
    rows.iter().map(read_entry).collect()
}

/// A record's images in the order of versions, as a snapshot sees them; at most 100,000.
///
/// # Errors
/// What the connection reports.
pub async fn images_of_record(tx: &TenantTx, record: RecordId) -> Result<Vec<StoredImage>, StoreError> {
    let text = format!(
        "SELECT {IMAGE_COLUMNS} FROM {}._image WHERE record_id = $1 ORDER BY version LIMIT 100000",
        tx.tenant.schema()
    );
    let rows = tx.connection()?.client.query(&text, &[&record.0]).await?;
    rows.iter().map(read_image).collect()
}

/// A dataset's images of acts since a time, in the order of records and versions, after one of them, as a snapshot sees
/// them.
///
/// # Errors
/// What the connection reports.
pub async fn images_since(
    tx: &TenantTx,
    dataset: DatasetId,
    since: Timestamp,
    after: Option<(RecordId, i64)>,
    limit: i64,
) -> Result<Vec<StoredImage>, StoreError> {
    let (record, version) = after.map_or((uuid::Uuid::nil(), 0), |(record, version)| (record.0, version));
    let schema = tx.tenant.schema();
    let text = format!(
        "SELECT {IMAGE_COLUMNS} FROM {schema}._image i
         WHERE dataset_id = $1 AND (record_id, version) > ($2, $3)
            AND EXISTS (SELECT FROM {schema}._entry e WHERE e.id = i.entry_id AND e.appended_at >= $4)
         ORDER BY record_id, version LIMIT $5"
    );
    let rows = tx
        .connection()?
        .client
        .query(&text, &[&dataset.0, &record, &version, &since, &limit])
        .await?;
    rows.iter().map(read_image).collect()
}

/// The commitments of a bulk act's images, in the order of the act.
///
/// # Errors
/// What the connection reports.
pub async fn commitments_of(tx: &TenantTx, entry: &StoredEntry) -> Result<Vec<[u8; 32]>, StoreError> {
    let text = format!(
        "SELECT commitment FROM {}._image WHERE entry_id = $1 ORDER BY ordinal",
        tx.tenant.schema()
    );
    let rows = tx.connection()?.client.query(&text, &[&entry.id.0]).await?;
    rows.iter().map(|row| commitment(row.try_get(0)?)).collect()
}

/// What the database itself counts in one dataset, against the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Records in the table, live and in the trash.
    pub records: i64,
    /// Versions that those records say they went through.
    pub versions: i64,
    /// Images of those records in the log.
    pub images: i64,
    /// Records whose row was last written by a transaction that made neither its newest image nor a key rotation.
    pub strangers: Vec<RecordId>,
    /// Records whose commitment is not that of their newest image.
    pub mismatched: Vec<RecordId>,
}

/// Compares rows with images. A row's `xmin` is the database's own note of who wrote it last, out of reach of SQL; a row
/// and its newest image are written by the same transaction, or by the same savepoint of it.
///
/// # Errors
/// What the connection reports.
pub async fn tally(tx: &TenantTx, dataset: &Dataset) -> Result<Tally, StoreError> {
    let schema = tx.tenant.schema();
    let table = dataset.table();
    let client = &tx.connection()?.client;
    let counts = format!(
        "SELECT (SELECT count(*) FROM {schema}.\"{table}\"), (SELECT coalesce(sum(version), 0)::bigint FROM {schema}.\"{table}\"),
            (SELECT count(*) FROM {schema}._image i WHERE i.dataset_id = $1 AND EXISTS (SELECT FROM {schema}.\"{table}\" r WHERE r.id = i.record_id))"
    );
    let row = client.query_one(&counts, &[&dataset.id.0]).await?;
    let strangers = format!(
        "SELECT r.id FROM {schema}.\"{table}\" r
         LEFT JOIN {schema}._image i ON i.record_id = r.id AND i.version = r.version
            AND (i.transaction_id::xid = r.xmin OR i.xmin = r.xmin)
         WHERE i.record_id IS NULL
            AND NOT EXISTS (SELECT FROM {schema}._entry e WHERE e.kind = 5 AND e.transaction_id::xid = r.xmin) LIMIT 20"
    );
    let mismatched = format!(
        "SELECT r.id FROM {schema}.\"{table}\" r
         LEFT JOIN {schema}._image i ON i.record_id = r.id AND i.version = r.version AND i.commitment = r.commitment
         WHERE i.record_id IS NULL LIMIT 20"
    );
    let ids = async |text: &str| -> Result<Vec<RecordId>, StoreError> {
        let rows = client.query(text, &[]).await?;
        rows.iter().map(|row| Ok(RecordId(row.try_get(0)?))).collect()
    };
    Ok(Tally {
        records: row.try_get(0)?,
        versions: row.try_get(1)?,
        images: row.try_get(2)?,
        strangers: ids(&strangers).await?,
        mismatched: ids(&mismatched).await?,
    })
}

/// How many entries the organization has, and the highest sequence number.
///
/// # Errors
/// What the connection reports.
pub async fn count_entries(tenant: &Tenant) -> Result<(i64, i64), StoreError> {
    let text = format!(
        "SELECT count(*), coalesce(max(sequence), 0) FROM {}._entry",
        tenant.schema()
    );
    let row = tenant.reader().await?.client.query_one(&text, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// How many entries of these kinds were appended after `since`, and before `until` where that is given.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_between(
    tenant: &Tenant,
    kinds: &[i16],
    since: Timestamp,
    until: Option<Timestamp>,
) -> Result<i64, StoreError> {
    let text = format!(
        "SELECT count(*) FROM {}._entry WHERE kind = ANY($1) AND appended_at > $2
            AND appended_at < coalesce($3, 'infinity'::timestamptz)",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let row = connection
        .client
        .query_one(&statement, &[&kinds, &since, &until])
        .await?;
    Ok(row.try_get(0)?)
}
