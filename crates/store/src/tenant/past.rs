//! What an organization's records were at a moment, as its own log has it, and which of them are another thing now.
//!
//! Invariant: only records that are still in their table are found; what was erased has no row, and no key that would open its
//! images. Start at [`changed`].

use super::{
    TenantTx,
    audit::{StoredEntry, StoredImage, read_entry, read_image},
    row::{StoredRecord, read_record, select_list},
};
use crate::StoreError;
use jiff::Timestamp;
use types::{Dataset, DatasetId, EntryId, FieldId, RecordId};

/// The state that records are taken back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// As they were at a moment.
    Moment(Timestamp),
    /// As they were before one act, where nothing has changed them since.
    Before(EntryId),
}

/// A record that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub record: RecordId,
    /// The version that it had when it was looked at.
    pub version: i64,
}

/// The database's clock, by which entries are dated.
///
/// # Errors
/// What the connection reports.
pub async fn clock(tx: &TenantTx) -> Result<Timestamp, StoreError> {
    let row = tx
        .connection()?
        .client
        .query_one("SELECT clock_timestamp()", &[])
        .await?;
    Ok(row.try_get(0)?)
}

/// A page of the dataset's records, in the order of their ids, that have changed since the aim, and not after `until`.
///
/// # Errors
/// What the connection reports.
pub async fn changed(
    tx: &TenantTx,
    dataset: &Dataset,
    aim: Aim,
    until: Timestamp,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<Changed>, StoreError> {
    let (moment, act) = parts(aim);
    let text = format!(
        "SELECT r.id, r.version FROM {0}.\"{1}\" r
         JOIN {0}._image i ON i.record_id = r.id AND i.version = r.version
         JOIN {0}._entry e ON e.id = i.entry_id
         WHERE r.id > $1 AND e.appended_at <= $2 AND (e.appended_at > $3 OR e.id = $4)
         ORDER BY r.id LIMIT $5",
        tx.tenant.schema(),
        dataset.table()
    );
    let after = after.map_or(uuid::Uuid::nil(), |record| record.0);
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &[&after, &until, &moment, &act, &limit])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Changed {
                record: RecordId(row.try_get(0)?),
                version: row.try_get(1)?,
            })
        })
        .collect()
}

/// A comparison with NULL is never true, so each half is off for the other aim.
fn parts(aim: Aim) -> (Option<Timestamp>, Option<uuid::Uuid>) {
    match aim {
        Aim::Moment(moment) => (Some(moment), None),
        Aim::Before(entry) => (None, Some(entry.0)),
    }
}

/// Whether rows are kept from others until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// They are.
    Locked,
    /// They are only looked at.
    Free,
}

/// The records of these ids that are there, in the order of their ids.
///
/// # Errors
/// [`StoreError::Timeout`] where somebody else holds one for too long.
pub async fn rows(
    tx: &TenantTx,
    dataset: &Dataset,
    ids: &[RecordId],
    hold: Hold,
) -> Result<Vec<StoredRecord>, StoreError> {
    let lock = match hold {
        Hold::Locked => "FOR UPDATE",
        Hold::Free => "",
    };
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE id = ANY($1) ORDER BY id {lock}",
        select_list(dataset),
        tx.tenant.schema(),
        dataset.table()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let rows = connection.client.query(&statement, &[&uuids(ids)]).await?;
    rows.iter().map(|row| read_record(dataset, row)).collect()
}

/// The image of each of these records as it was at the aim; records that were not there yet have none.
///
/// # Errors
/// What the connection reports.
pub async fn images(tx: &TenantTx, ids: &[RecordId], aim: Aim) -> Result<Vec<StoredImage>, StoreError> {
    const COLUMNS: &str =
        "i.record_id, i.version, i.dataset_id, i.entry_id, i.ordinal, i.key_version, i.commitment, i.sealed";
    let schema = tx.tenant.schema();
    let (moment, act) = parts(aim);
    let text = match aim {
        Aim::Moment(_) => format!(
            "SELECT DISTINCT ON (i.record_id) {COLUMNS} FROM {schema}._image i JOIN {schema}._entry e ON e.id = i.entry_id
             WHERE i.record_id = ANY($1) AND e.appended_at <= $2 ORDER BY i.record_id, i.version DESC"
        ),
        Aim::Before(_) => format!(
            "SELECT {COLUMNS} FROM {schema}._image i
             JOIN {schema}._image n ON n.record_id = i.record_id AND n.version = i.version + 1
             WHERE i.record_id = ANY($1) AND n.entry_id = $2"
        ),
    };
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let rows = match aim {
        Aim::Moment(_) => {
            connection
                .client
                .query(&statement, &[&uuids(ids), &moment])
                .await?
        }
        Aim::Before(_) => connection.client.query(&statement, &[&uuids(ids), &act]).await?,
    };
    rows.iter().map(read_image).collect()
}

fn uuids(ids: &[RecordId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| id.0).collect()
}

/// The fields that came after a moment.
///
/// # Errors
/// What the connection reports.
pub async fn fields_since(tx: &TenantTx, moment: Timestamp) -> Result<Vec<FieldId>, StoreError> {
    let text = format!(
        "SELECT field_id FROM {}._field_time WHERE created_at > $1 ORDER BY field_id",
        tx.tenant.schema()
    );
    let rows = tx.connection()?.client.query(&text, &[&moment]).await?;
    rows.iter().map(|row| Ok(FieldId(row.try_get(0)?))).collect()
}

/// The records that were erased after a moment, each with its dataset.
///
/// # Errors
/// What the connection reports.
pub async fn erased_since(
    tx: &TenantTx,
    moment: Timestamp,
    limit: i64,
) -> Result<Vec<(DatasetId, RecordId)>, StoreError> {
    let text = format!(
        "SELECT i.dataset_id, i.record_id FROM {0}._entry e JOIN {0}._image i ON i.entry_id = e.id
         WHERE e.kind = 2 AND e.appended_at > $1 ORDER BY i.record_id LIMIT $2",
        tx.tenant.schema()
    );
    let rows = tx.connection()?.client.query(&text, &[&moment, &limit]).await?;
    rows.iter()
        .map(|row| Ok((DatasetId(row.try_get(0)?), RecordId(row.try_get(1)?))))
        .collect()
}

/// Entries of a kind that came after a moment, oldest first.
///
/// # Errors
/// What the connection reports.
pub async fn entries_since(
    tx: &TenantTx,
    kind: i16,
    moment: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    entries(
        tx,
        "kind = $1 AND appended_at > $2 ORDER BY sequence",
        kind,
        moment,
        limit,
    )
    .await
}

/// The newest entries of a kind, newest first.
///
/// # Errors
/// What the connection reports.
pub async fn newest_entries(tx: &TenantTx, kind: i16, limit: i64) -> Result<Vec<StoredEntry>, StoreError> {
    // The number itself as well: an index on one kind is taken only where the kind is no parameter.
    let condition = format!("kind = {kind} AND kind = $1 AND appended_at > $2 ORDER BY sequence DESC");
    entries(tx, &condition, kind, Timestamp::UNIX_EPOCH, limit).await
}

async fn entries(
    tx: &TenantTx,
    condition: &str,
    kind: i16,
    moment: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEntry>, StoreError> {
    let text = format!(
        "SELECT {} FROM {}._entry WHERE {condition} LIMIT $3",
        super::audit::ENTRY_COLUMNS,
        tx.tenant.schema()
    );
    let rows = tx
        .connection()?
        .client
        .query(&text, &[&kind, &moment, &limit])
        .await?;
    rows.iter().map(read_entry).collect()
}

/// When the organization's log begins.
///
/// # Errors
/// What the connection reports.
pub async fn beginning(tx: &TenantTx) -> Result<Option<Timestamp>, StoreError> {
    let text = format!(
        "SELECT appended_at FROM {}._entry ORDER BY sequence LIMIT 1",
        tx.tenant.schema()
    );
    let row = tx.connection()?.client.query_opt(&text, &[]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}
