//! References between records that are checked later than at their statement, within one transaction.
//!
//! Invariant: only the references that are named. The schema's own deferred triggers ask for an audit entry and must not
//! run before it is there, so this is never `SET CONSTRAINTS ALL`.

use super::TenantTx;
use crate::{StoreError, identifier::Identifier};
use types::FieldId;

/// Most of the time that checking may take: it is one statement for all records of an archive.
const CHECK_TIMEOUT: &str = "SET LOCAL statement_timeout = '2h'";

/// Leaves these references unchecked until [`check`] or the commit.
///
/// # Errors
/// What the database refused, such as a field that is no reference.
pub async fn defer(tx: &TenantTx, fields: &[FieldId]) -> Result<(), StoreError> {
    set(tx, fields, "DEFERRED").await
}

/// Checks what [`defer`] left unchecked, and from then on each statement.
///
/// # Errors
/// [`StoreError::Dangling`] names the first constraint that does not hold (`f12_reference`).
pub async fn check(tx: &TenantTx, fields: &[FieldId]) -> Result<(), StoreError> {
    tx.connection()?.client.batch_execute(CHECK_TIMEOUT).await?;
    set(tx, fields, "IMMEDIATE").await
}

async fn set(tx: &TenantTx, fields: &[FieldId], when: &str) -> Result<(), StoreError> {
    if fields.is_empty() {
        return Ok(());
    }
    let schema = tx.tenant.schema();
    let name = |field: &FieldId| {
        let constraint = Identifier::new(&format!("{}_reference", field.identifier()))?;
        Some(format!("{schema}.{constraint}"))
    };
    let names: Option<Vec<String>> = fields.iter().map(name).collect();
    let names = names.ok_or_else(|| StoreError::unexpected("not a generated name"))?;
    let text = format!("SET CONSTRAINTS {} {when}", names.join(", "));
    Ok(tx.connection()?.client.batch_execute(&text).await?)
}
