//! Many records in one transaction: images first, then rows, each by `COPY` in binary form, batch by batch. A batch
//! that the database refuses is rolled back to its savepoint; the transaction goes on.

use super::{
    TenantTx,
    bind::{Bound, bind_values, value_types},
    row::{SYSTEM_COLUMNS, StoredRecord, value_columns},
};
use crate::StoreError;
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};
use types::{Dataset, DatasetId, EntryId, FieldId, RecordId};

/// The sealed after-image of one record within a bulk act.
#[derive(Debug, Clone)]
pub struct BulkImage {
    /// Whose.
    pub record: RecordId,
    /// The version it shows.
    pub version: i64,
    /// Its place in the act.
    pub ordinal: i32,
    /// The version of the organization key that wraps its record key.
    pub key_version: i32,
    /// Its commitment.
    pub commitment: [u8; 32],
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Refuses a bulk act that was checked against an older definition. The lock it takes keeps the definition as it is
/// until the transaction ends.
///
/// # Errors
/// [`StoreError::Redefined`].
pub async fn hold_definition(tx: &TenantTx, dataset: &Dataset) -> Result<(), StoreError> {
    let client = &tx.connection()?.client;
    client
        .batch_execute(&format!(
            "LOCK TABLE {}.\"{}\" IN ROW EXCLUSIVE MODE",
            tx.tenant.schema(),
            dataset.table()
        ))
        .await?;
    let text = format!("SELECT {}._check_definition($1, $2)", tx.tenant.schema());
    client
        .execute(&text, &[&dataset.id.0, &dataset.schema_version])
        .await?;
    Ok(())
}

/// Sets, releases or returns to the savepoint of a batch.
#[derive(Debug, Clone, Copy)]
pub enum Savepoint {
    /// Begins a batch.
    Set,
    /// Keeps a batch.
    Release,
    /// Undoes a batch.
    Return,
}

/// Moves the savepoint.
///
/// # Errors
/// What the connection reports.
pub async fn savepoint(tx: &TenantTx, step: Savepoint) -> Result<(), StoreError> {
    let text = match step {
        Savepoint::Set => "SAVEPOINT batch",
        Savepoint::Release => "RELEASE SAVEPOINT batch",
        Savepoint::Return => "ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch",
    };
    Ok(tx.connection()?.client.batch_execute(text).await?)
}

/// Adds images; their entry must come before the commit.
///
/// # Errors
/// What the database refused.
pub async fn copy_images(
    tx: &TenantTx,
    dataset: DatasetId,
    entry: EntryId,
    images: &[BulkImage],
) -> Result<(), StoreError> {
    let text = format!(
        "COPY {}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed) FROM STDIN BINARY",
        tx.tenant.schema()
    );
    let sink = tx.connection()?.client.copy_in(&text).await?;
    let types = [
        Type::UUID,
        Type::INT8,
        Type::INT4,
        Type::UUID,
        Type::INT4,
        Type::INT4,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
    for image in images {
        let commitment = &image.commitment[..];
        let row: [&(dyn ToSql + Sync); 8] = [
            &image.record.0,
            &image.version,
            &dataset.0,
            &entry.0,
            &image.ordinal,
            &image.key_version,
            &commitment,
            &image.sealed,
        ];
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Adds new records whose images are there already.
///
/// # Errors
/// [`StoreError::Taken`] and [`StoreError::Dangling`] name the field's constraint, not the record.
pub async fn copy_records(
    tx: &TenantTx,
    dataset: &Dataset,
    records: &[StoredRecord],
) -> Result<(), StoreError> {
    let columns = value_columns(dataset, true);
    let names = std::iter::once(SYSTEM_COLUMNS.to_owned())
        .chain(columns)
        .collect::<Vec<_>>()
        .join(", ");
    let text = format!(
        "COPY {}.\"{}\" ({names}) FROM STDIN BINARY",
        tx.tenant.schema(),
        dataset.table()
    );
    let sink = tx.connection()?.client.copy_in(&text).await?;
    let mut types = vec![
        Type::UUID,
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::TIMESTAMPTZ,
        Type::BYTEA,
        Type::BYTEA,
    ];
    types.extend(value_types(dataset));
    let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
    for record in records {
        let commitment = &record.commitment[..];
        let values: Vec<Bound> = bind_values(dataset, &record.values);
        let mut row: Vec<&(dyn ToSql + Sync)> = vec![
            &record.id.0,
            &record.version,
            &record.created_at,
            &record.created_by.0,
            &record.updated_at,
            &record.updated_by.0,
            &record.deleted_at,
            &commitment,
            &record.record_key,
        ];
        row.extend(values.iter().map(|value| &**value as &(dyn ToSql + Sync)));
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Auto numbers passed over at once: about a second's work.
const NUMBERS_AT_ONCE: i64 = 1_000_000;

/// Moves a field's counter past `last`. One that this transaction made goes with it, as nobody else sees it yet; another
/// stays where it came to, whatever becomes of the transaction. Counting on is the one right that an organization's login
/// has on a counter.
///
/// # Errors
/// What the connection reports.
pub async fn advance_counter(tx: &TenantTx, field: FieldId, last: i64) -> Result<(), StoreError> {
    let client = &tx.connection()?.client;
    let text = format!(
        "SELECT max(nextval('{}.\"{}_number\"')) FROM generate_series(1, $1::bigint)",
        tx.tenant.schema(),
        field.identifier()
    );
    let mut reached = 0;
    while reached < last {
        // The first look takes one number only, as the counter may be past them all.
        let step = match reached {
            0 => 1,
            _ => (last - reached).min(NUMBERS_AT_ONCE),
        };
        reached = client.query_one(&text, &[&step]).await?.try_get(0)?;
    }
    Ok(())
}

/// Replaces one record whose image is there already, if it still has the version before.
///
/// # Errors
/// [`StoreError::NotFound`] when it has another version or is gone.
pub async fn update_record(
    tx: &TenantTx,
    dataset: &Dataset,
    record: &StoredRecord,
) -> Result<(), StoreError> {
    let (text, parameters) = super::record::update_statement(&tx.tenant, dataset, record);
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let changed = connection
        .client
        .execute(&statement, &parameters.as_slice())
        .await?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::NotFound)
    }
}

/// The record of that id, locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock_record(tx: &TenantTx, dataset: &Dataset, id: RecordId) -> Result<StoredRecord, StoreError> {
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE id = $1 FOR UPDATE",
        super::row::select_list(dataset),
        tx.tenant.schema(),
        dataset.table()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let row = connection
        .client
        .query_opt(&statement, &[&id.0])
        .await?
        .ok_or(StoreError::NotFound)?;
    super::row::read_record(dataset, &row)
}

/// Writes sealed values again without a new version, under an entry of key rotation that was appended before.
///
/// # Errors
/// [`StoreError::Unaudited`] without that entry.
pub async fn reseal_value(
    tx: &TenantTx,
    dataset: DatasetId,
    record: RecordId,
    field: FieldId,
    sealed: &[u8],
    blind: &[u8],
) -> Result<(), StoreError> {
    let column = field.identifier();
    let text = format!(
        "UPDATE {}.\"{}\" SET \"{column}\" = $2, \"{column}_blind\" = $3 WHERE id = $1",
        tx.tenant.schema(),
        dataset.identifier()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    connection
        .client
        .execute(&statement, &[&record.0, &sealed, &blind])
        .await?;
    Ok(())
}

/// Wraps a record's key again, under an entry of key rotation that was appended before.
///
/// # Errors
/// [`StoreError::Unaudited`] without that entry.
pub async fn rewrap_record_key(
    tx: &TenantTx,
    dataset: DatasetId,
    record: RecordId,
    wrapped: &[u8],
) -> Result<(), StoreError> {
    let text = format!(
        "UPDATE {}.\"{}\" SET record_key = $2 WHERE id = $1",
        tx.tenant.schema(),
        dataset.identifier()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    connection
        .client
        .execute(&statement, &[&record.0, &wrapped])
        .await?;
    Ok(())
}

/// The clear texts of a field that is being made sensitive, a page at a time in the order of ids.
///
/// # Errors
/// What the connection reports.
pub async fn plain_texts(
    tx: &TenantTx,
    dataset: DatasetId,
    field: FieldId,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<(RecordId, Option<String>)>, StoreError> {
    let text = format!(
        "SELECT id, \"{}_plain\" FROM {}.\"{}\" WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2",
        field.identifier(),
        tx.tenant.schema(),
        dataset.identifier()
    );
    let rows = tx
        .connection()?
        .client
        .query(&text, &[&after.map(|id| id.0), &limit])
        .await?;
    rows.iter()
        .map(|row| Ok((RecordId(row.try_get(0)?), row.try_get(1)?)))
        .collect()
}

/// A page of records in the order of ids, live or not, locked until the transaction ends.
///
/// # Errors
/// What the connection reports.
pub async fn lock_page(
    tx: &TenantTx,
    dataset: &Dataset,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<StoredRecord>, StoreError> {
    let text = format!(
        "SELECT {} FROM {}.\"{}\" WHERE ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2 FOR UPDATE",
        super::row::select_list(dataset),
        tx.tenant.schema(),
        dataset.table()
    );
    let rows = tx
        .connection()?
        .client
        .query(&text, &[&after.map(|id| id.0), &limit])
        .await?;
    rows.iter()
        .map(|row| super::row::read_record(dataset, row))
        .collect()
}
