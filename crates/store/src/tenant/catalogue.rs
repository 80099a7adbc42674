//! An organization's datasets and fields. Reading is a plain query; defining goes through the owner's functions, which
//! check the organization by its login, so that no login has a right to change tables itself.

use super::{Tenant, TenantTx};
use crate::StoreError;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Row, types::ToSql};
use types::{
    Dataset, DatasetId, DatasetKey, Field, FieldId, FieldKey, FieldKind,
    field::{Indexing, Presence, Rules, Uniqueness},
};

/// Most datasets of one organization.
pub const DATASETS_MAX: i64 = 1_000;

/// What of a field is not a column of the catalogue of its own.
#[derive(Debug, Serialize, Deserialize)]
struct Definition {
    presence: Presence,
    uniqueness: Uniqueness,
    indexing: Indexing,
    rules: Rules,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    default: Option<serde_json::Value>,
    help: String,
}

/// Every dataset with its fields, in the order of their labels.
///
/// # Errors
/// What the connection reports.
pub async fn list(tenant: &Tenant) -> Result<Vec<Dataset>, StoreError> {
    read(tenant, "", &[]).await
}

/// The dataset of that key.
///
/// # Errors
/// [`StoreError::NotFound`], and what the connection reports.
pub async fn find(tenant: &Tenant, key: &str) -> Result<Dataset, StoreError> {
    read(tenant, "WHERE d.key = $1", &[&key])
        .await?
        .pop()
        .ok_or(StoreError::NotFound)
}

/// The dataset of that id.
///
/// # Errors
/// [`StoreError::NotFound`], and what the connection reports.
pub async fn find_by_id(tenant: &Tenant, id: DatasetId) -> Result<Dataset, StoreError> {
    read(tenant, "WHERE d.id = $1", &[&id.0])
        .await?
        .pop()
        .ok_or(StoreError::NotFound)
}

fn catalogue_query(tenant: &Tenant, condition: &str) -> String {
    format!(
        "SELECT d.id, d.key, d.label, d.description, d.schema_version, f.id, f.key, f.label, f.kind, f.definition
         FROM {0}._dataset d LEFT JOIN {0}._field f ON f.dataset_id = d.id {condition}
         ORDER BY d.label, d.id, f.position LIMIT {DATASETS_MAX} * 500",
        tenant.schema()
    )
}

async fn read(
    tenant: &Tenant,
    condition: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Dataset>, StoreError> {
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&catalogue_query(tenant, condition)).await?;
    collect(connection.client.query(&statement, values).await?)
}

/// The dataset of that key, as the transaction sees it.
///
/// # Errors
/// [`StoreError::NotFound`], and what the connection reports.
pub async fn find_within(tx: &TenantTx, id: DatasetId) -> Result<Dataset, StoreError> {
    let connection = tx.connection()?;
    let rows = connection
        .client
        .query(&catalogue_query(&tx.tenant, "WHERE d.id = $1"), &[&id.0])
        .await?;
    collect(rows)?.pop().ok_or(StoreError::NotFound)
}

/// Whether the organization has no dataset; until the transaction ends, everybody else who asks waits. For what must
/// come first, such as a whole archive.
///
/// # Errors
/// [`StoreError::Timeout`] when another holds it for too long, and what the connection reports.
pub async fn hold_empty(tx: &TenantTx) -> Result<bool, StoreError> {
    let schema = tx.tenant.schema();
    let client = &tx.connection()?.client;
    let hold = format!("SELECT pg_advisory_xact_lock(hashtext('{schema}'))");
    client.batch_execute(&hold).await?;
    let text = format!("SELECT NOT EXISTS (SELECT FROM {schema}._dataset)");
    Ok(client.query_one(&text, &[]).await?.try_get(0)?)
}

fn collect(rows: Vec<Row>) -> Result<Vec<Dataset>, StoreError> {
    let mut datasets: Vec<Dataset> = Vec::new();
    for row in rows {
        let id = DatasetId(row.try_get(0)?);
        if datasets.last().is_none_or(|dataset| dataset.id != id) {
            datasets.push(Dataset {
                id,
                key: parse(row.try_get::<_, String>(1)?)?,
                label: row.try_get(2)?,
                description: row.try_get(3)?,
                schema_version: row.try_get(4)?,
                fields: Vec::new(),
            });
        }
        if let (Some(dataset), Some(field)) = (datasets.last_mut(), read_field(&row)?) {
            dataset.fields.push(field);
        }
    }
    Ok(datasets)
}

fn parse<T: TryFrom<String, Error = types::name::NameError>>(text: String) -> Result<T, StoreError> {
    T::try_from(text).map_err(|error| StoreError::Internal(Box::new(error)))
}

fn read_field(row: &Row) -> Result<Option<Field>, StoreError> {
    let Some(id) = row.try_get::<_, Option<i32>>(5)? else {
        return Ok(None);
    };
    let kind: String = row.try_get(8)?;
    let definition: Definition =
        serde_json::from_value(row.try_get(9)?).map_err(|error| StoreError::Internal(Box::new(error)))?;
    Ok(Some(Field {
        id: FieldId(id),
        key: parse::<FieldKey>(row.try_get(6)?)?,
        label: row.try_get(7)?,
        kind: FieldKind::parse(&kind).ok_or_else(|| StoreError::unexpected("an unknown kind of field"))?,
        presence: definition.presence,
        uniqueness: definition.uniqueness,
        indexing: definition.indexing,
        rules: definition.rules,
        default: definition.default,
        help: definition.help,
        is_masked: false,
    }))
}

fn definition(field: &Field) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(Definition {
        presence: field.presence,
        uniqueness: field.uniqueness,
        indexing: field.indexing,
        rules: field.rules.clone(),
        default: field.default.clone(),
        help: field.help.clone(),
    })
    .map_err(|error| StoreError::Internal(Box::new(error)))
}

/// Makes an empty dataset.
///
/// # Errors
/// [`StoreError::Taken`] (`dataset_key_taken`).
pub async fn create_dataset(
    tx: &TenantTx,
    key: &DatasetKey,
    label: &str,
    description: &str,
) -> Result<DatasetId, StoreError> {
    let client = &tx.connection()?.client;
    let text = "SELECT strongroom.create_dataset($1, $2, $3)";
    let row = client
        .query_one(text, &[&key.as_str(), &label, &description])
        .await?;
    Ok(DatasetId(row.try_get(0)?))
}

/// Changes a dataset's label and description.
///
/// # Errors
/// What the database refused.
pub async fn alter_dataset(
    tx: &TenantTx,
    id: DatasetId,
    label: &str,
    description: &str,
) -> Result<(), StoreError> {
    let client = &tx.connection()?.client;
    client
        .execute(
            "SELECT strongroom.alter_dataset($1, $2, $3)",
            &[&id.0, &label, &description],
        )
        .await?;
    tx.forget_statements().await
}

/// Adds a field; its id is given by the database, whatever `field.id` says.
///
/// # Errors
/// [`StoreError::Taken`] (`field_key_taken`).
pub async fn add_field(tx: &TenantTx, dataset: DatasetId, field: &Field) -> Result<FieldId, StoreError> {
    let client = &tx.connection()?.client;
    let text = "SELECT strongroom.add_field($1, $2, $3, $4, $5)";
    let definition = definition(field)?;
    let values: [&(dyn ToSql + Sync); 5] = [
        &dataset.0,
        &field.key.as_str(),
        &field.label,
        &field.kind.as_str(),
        &definition,
    ];
    let id = FieldId(client.query_one(text, &values).await?.try_get(0)?);
    tx.forget_statements().await?;
    Ok(id)
}

/// Changes a field's label and definition; never its key or kind.
///
/// # Errors
/// [`StoreError::Taken`] when it shall be unique and is not.
pub async fn alter_field(tx: &TenantTx, field: &Field) -> Result<(), StoreError> {
    let definition = definition(field)?;
    let client = &tx.connection()?.client;
    client
        .execute(
            "SELECT strongroom.alter_field($1, $2, $3)",
            &[&field.id.0, &field.label, &definition],
        )
        .await?;
    tx.forget_statements().await
}

/// Removes a field with its values. History keeps them.
///
/// # Errors
/// What the database refused.
pub async fn drop_field(tx: &TenantTx, field: FieldId) -> Result<(), StoreError> {
    tx.connection()?
        .client
        .execute("SELECT strongroom.drop_field($1)", &[&field.0])
        .await?;
    tx.forget_statements().await
}

/// The first and last step of making a text field sensitive; between them the values are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealStep {
    /// The old column steps aside.
    Begin,
    /// The old column is dropped and the table rewritten.
    Finish,
}

/// Takes a step of making a text field sensitive.
///
/// # Errors
/// What the database refused.
pub async fn seal_field(tx: &TenantTx, field: FieldId, step: SealStep) -> Result<(), StoreError> {
    let text = match step {
        SealStep::Begin => "SELECT strongroom.seal_field_begin($1)",
        SealStep::Finish => "SELECT strongroom.seal_field_finish($1)",
    };
    tx.connection()?.client.execute(text, &[&field.0]).await?;
    tx.forget_statements().await
}

/// Makes the index that quickens full-text search, for a dataset of at least `records_min` records (as PostgreSQL
/// estimates) that has none. Says whether it made one.
///
/// # Errors
/// What the database refused.
pub async fn index_search(tenant: &Tenant, dataset: &Dataset, records_min: i64) -> Result<bool, StoreError> {
    let connection = tenant.writer().await?;
    let table = format!("{}.\"{}\"", tenant.schema(), dataset.table());
    let estimate = "SELECT reltuples::bigint FROM pg_class WHERE oid = $1::text::regclass";
    let records: i64 = connection
        .client
        .query_one(estimate, &[&table])
        .await?
        .try_get(0)?;
    if records < records_min {
        return Ok(false);
    }
    let made = connection
        .client
        .query_one("SELECT strongroom.index_search($1)", &[&dataset.id.0])
        .await?;
    Ok(made.try_get(0)?)
}
