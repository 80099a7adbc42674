//! Key versions: what is sealed under which, and which ones open transactions still seal under. The latter by advisory
//! locks: each holder shares the lock of its version, and whoever can take it alone knows that nobody holds it.
//!
//! The version is part of the lock, so that transactions under a newer version neither wait nor are waited for. Another
//! organization's login could hold such a lock; it can make a rotation wait for its deadline, and nothing else.

use super::{Tenant, TenantTx};
use crate::StoreError;
use types::{Dataset, Field, FieldKind};

/// Marks a transaction, until it ends, as one that seals under this version.
///
/// # Errors
/// What the connection reports.
pub async fn hold(tx: &TenantTx, version: u32) -> Result<(), StoreError> {
    let text = "SELECT pg_advisory_xact_lock_shared(hashtext($1), $2)";
    let connection = tx.connection()?;
    let statement = connection.prepare(text).await?;
    connection
        .client
        .execute(&statement, &[&name(&tx.tenant), &number(version)])
        .await?;
    Ok(())
}

/// Does an open transaction seal under this version?
///
/// # Errors
/// What the connection reports.
pub async fn is_held(tenant: &Tenant, version: u32) -> Result<bool, StoreError> {
    // Taken and given back by this one statement; it does not wait, so nobody queues behind it.
    let text = "SELECT NOT pg_try_advisory_xact_lock(hashtext($1), $2)";
    let connection = tenant.reader().await?;
    let statement = connection.prepare(text).await?;
    let row = connection
        .client
        .query_one(&statement, &[&name(tenant), &number(version)])
        .await?;
    Ok(row.try_get(0)?)
}

fn name(tenant: &Tenant) -> String {
    format!("key version of {}", tenant.schema_name().as_str())
}

fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// How many sealed things of one kind name one algorithm and key version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionCount {
    /// What they are: `values`, `record keys` and so on.
    pub kind: String,
    /// The algorithm that they name.
    pub algorithm: u8,
    /// The key version that they name.
    pub version: u32,
    /// How many.
    pub count: i64,
}

/// What is sealed in a dataset: values, their blind indexes (which name a version only), and record keys.
///
/// # Errors
/// What the connection reports.
pub async fn count_in_dataset(tx: &TenantTx, dataset: &Dataset) -> Result<Vec<VersionCount>, StoreError> {
    let mut parts = vec![(
        "record keys",
        "substr(record_key, 17, 5)".to_owned(),
        "true".to_owned(),
    )];
    let sensitive = |field: &&Field| field.kind == FieldKind::SensitiveText;
    for field in dataset.fields.iter().filter(sensitive) {
        let column = field.id.identifier();
        let held = format!("\"{column}\" IS NOT NULL");
        parts.push(("values", format!("substr(\"{column}\", 1, 5)"), held));
        let held = format!("\"{column}_blind\" IS NOT NULL");
        let head = format!("'\\x01'::bytea || substr(\"{column}_blind\", 1, 4)");
        parts.push(("blind indexes", head, held));
    }
    let from = format!("{}.\"{}\"", tx.tenant.schema(), dataset.table());
    let selects: Vec<String> = parts
        .into_iter()
        .map(|(kind, head, held)| select(kind, &head, &from, &held))
        .collect();
    count(tx, &selects).await
}

/// What is sealed beside the datasets: files with their names, and headers of entries.
///
/// # Errors
/// What the connection reports.
pub async fn count_elsewhere(tx: &TenantTx) -> Result<Vec<VersionCount>, StoreError> {
    let table = |name: &str| format!("{}.{name}", tx.tenant.schema());
    let selects = [
        select(
            "chunks of files",
            "substr(sealed, 1, 5)",
            &table("_file_chunk"),
            "true",
        ),
        select("names of files", "substr(name, 1, 5)", &table("_file"), "true"),
        select(ENTRIES, "substr(header, 1, 5)", &table("_entry"), "true"),
    ];
    count(tx, &selects).await
}

/// The kind that never moves to another version.
pub const ENTRIES: &str = "headers of entries";

fn select(kind: &str, head: &str, from: &str, held: &str) -> String {
    format!("SELECT '{kind}', {head} AS head, count(*) FROM {from} WHERE {held} GROUP BY 2")
}

async fn count(tx: &TenantTx, selects: &[String]) -> Result<Vec<VersionCount>, StoreError> {
    let rows = tx
        .connection()?
        .client
        .query(&selects.join(" UNION ALL "), &[])
        .await?;
    rows.iter()
        .map(|row| {
            let head: Vec<u8> = row.try_get(1)?;
            // What is too short to name anything names algorithm 0, which does not exist.
            let (algorithm, version) = match head[..] {
                [algorithm, a, b, c, d] => (algorithm, u32::from_be_bytes([a, b, c, d])),
                _ => (0, 0),
            };
            Ok(VersionCount {
                kind: row.try_get(0)?,
                algorithm,
                version,
                count: row.try_get(2)?,
            })
        })
        .collect()
}
