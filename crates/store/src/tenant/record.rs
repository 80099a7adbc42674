//! Single records: each change is one statement that writes the row and appends its entry and image (ADR 2).

use super::{
    Tenant,
    bind::{Parameters, bind_values},
    row::{read_record, select_list, value_columns},
};
use crate::{StoreError, entry::NewEntry};
use access::Permit;
use types::{Dataset, RecordId};

pub use super::row::StoredRecord;

/// The audit side of a change: its entry, and the sealed after-image of the one record.
#[derive(Debug, Clone)]
pub struct RecordChange {
    /// The entry; its `c_after` is the image's commitment.
    pub entry: NewEntry,
    /// The sealed after-image.
    pub image: Vec<u8>,
}

/// The record of that id, in the trash or not.
///
/// # Errors
/// [`StoreError::NotFound`], and what the connection reports.
pub async fn find(tenant: &Tenant, dataset: &Dataset, id: RecordId) -> Result<StoredRecord, StoreError> {
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE id = $1",
        select_list(dataset),
        tenant.schema(),
        dataset.table()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let row = connection
        .client
        .query_opt(&statement, &[&id.0])
        .await?
        .ok_or(StoreError::NotFound)?;
    read_record(dataset, &row)
}

/// Inserts a record.
///
/// # Errors
/// [`StoreError::Taken`] and [`StoreError::Dangling`] name the field's constraint (`f12_unique`, `f12_reference`).
pub async fn insert(
    tenant: &Tenant,
    permit: &Permit,
    dataset: &Dataset,
    record: &StoredRecord,
    change: RecordChange,
) -> Result<(), StoreError> {
    tenant.check_permit(permit)?;
    let mut parameters = Parameters::default();
    let mut marks = vec![
        parameters.push(record.id.0),
        parameters.push(record.version),
        parameters.push(record.created_at),
        parameters.push(record.created_by.0),
        parameters.push(record.updated_at),
        parameters.push(record.updated_by.0),
        parameters.push(record.deleted_at),
        parameters.push(record.commitment.to_vec()),
        parameters.push(record.record_key.clone()),
    ];
    let columns = value_columns(dataset, true);
    marks.extend((0..columns.len()).map(|i| format!("${}", i + 10)));
    parameters.extend(bind_values(dataset, &record.values));
    let names = std::iter::once(super::row::SYSTEM_COLUMNS.to_owned())
        .chain(columns)
        .collect::<Vec<_>>()
        .join(", ");
    let row = format!(
        "INSERT INTO {}.\"{}\" ({names}) VALUES ({}) RETURNING 1",
        tenant.schema(),
        dataset.table(),
        marks.join(", ")
    );
    write(
        tenant,
        dataset,
        record.id,
        record.version,
        &row,
        parameters,
        change,
    )
    .await
}

/// Replaces a record's values (and its place in or out of the trash) if it still has the version before.
///
/// # Errors
/// [`StoreError::NotFound`] when it has another version or is gone, else as [`insert`].
pub async fn update(
    tenant: &Tenant,
    permit: &Permit,
    dataset: &Dataset,
    record: &StoredRecord,
    change: RecordChange,
) -> Result<(), StoreError> {
    tenant.check_permit(permit)?;
    let (row, parameters) = update_statement(tenant, dataset, record);
    write(
        tenant,
        dataset,
        record.id,
        record.version,
        &format!("{row} RETURNING 1"),
        parameters,
        change,
    )
    .await
}

/// The `UPDATE` of one record to its new version.
pub(super) fn update_statement(
    tenant: &Tenant,
    dataset: &Dataset,
    record: &StoredRecord,
) -> (String, Parameters) {
    let mut parameters = Parameters::default();
    let mut sets = vec![
        format!("version = {}", parameters.push(record.version)),
        format!("updated_at = {}", parameters.push(record.updated_at)),
        format!("updated_by = {}", parameters.push(record.updated_by.0)),
        format!("deleted_at = {}", parameters.push(record.deleted_at)),
        format!("commitment = {}", parameters.push(record.commitment.to_vec())),
    ];
    let columns = value_columns(dataset, true);
    sets.extend(
        columns
            .iter()
            .enumerate()
            .map(|(i, name)| format!("{name} = ${}", i + 6)),
    );
    parameters.extend(bind_values(dataset, &record.values));
    let id = parameters.push(record.id.0);
    let before = parameters.push(record.version - 1);
    let text = format!(
        "UPDATE {}.\"{}\" SET {} WHERE id = {id} AND version = {before}",
        tenant.schema(),
        dataset.table(),
        sets.join(", ")
    );
    (text, parameters)
}

/// Removes a record for good, out of the trash; its key goes with it. `version` is the tombstone's.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not in the trash or has another version; [`StoreError::Dangling`] while
/// another record refers to it.
pub async fn purge(
    tenant: &Tenant,
    permit: &Permit,
    dataset: &Dataset,
    id: RecordId,
    version: i64,
    change: RecordChange,
) -> Result<(), StoreError> {
    tenant.check_permit(permit)?;
    let mut parameters = Parameters::default();
    let row = format!(
        "DELETE FROM {}.\"{}\" WHERE id = {} AND version = {} AND deleted_at IS NOT NULL RETURNING 1",
        tenant.schema(),
        dataset.table(),
        parameters.push(id.0),
        parameters.push(version - 1)
    );
    write(tenant, dataset, id, version, &row, parameters, change).await
}

async fn write(
    tenant: &Tenant,
    dataset: &Dataset,
    id: RecordId,
    version: i64,
    row: &str,
    mut parameters: Parameters,
    change: RecordChange,
) -> Result<(), StoreError> {
    let entry = change.entry;
    let marks = [
        parameters.push(entry.id.0),
        parameters.push(entry.kind),
        parameters.push(entry.key_version),
        parameters.push(entry.header),
        parameters.push(entry.c_header.to_vec()),
        parameters.push(entry.c_before.to_vec()),
        parameters.push(entry.c_after.to_vec()),
        parameters.push(dataset.id.0),
        parameters.push(dataset.schema_version),
        parameters.push(id.0),
        parameters.push(version),
        parameters.push(change.image),
    ];
    let text = format!(
        "WITH changed AS ({row}) SELECT {}._append_record({}) FROM changed",
        tenant.schema(),
        marks.join(", ")
    );
    let connection = tenant.writer().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(&statement, &parameters.as_slice())
        .await?;
    if rows.len() == 1 {
        Ok(())
    } else {
        Err(StoreError::NotFound)
    }
}

/// The next numbers of an auto-number field.
///
/// # Errors
/// What the connection reports.
pub async fn next_numbers(
    tenant: &Tenant,
    field: types::FieldId,
    count: i64,
) -> Result<Vec<i64>, StoreError> {
    let text = format!(
        "SELECT nextval('{}.\"{}_number\"') FROM generate_series(1, $1::bigint)",
        tenant.schema(),
        field.identifier()
    );
    let connection = tenant.writer().await?;
    let statement = connection.prepare(&text).await?;
    let rows = connection.client.query(&statement, &[&count]).await?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(StoreError::from))
        .collect()
}
