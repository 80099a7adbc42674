//! Which key versions open transactions still seal under, by advisory locks: each holder shares the lock of its version,
//! and whoever can take it alone knows that nobody holds it.
//!
//! The version is part of the lock, so that transactions under a newer version neither wait nor are waited for. Another
//! organization's login could hold such a lock; it can make a rotation wait for its deadline, and nothing else.

use super::{Tenant, TenantTx};
use crate::StoreError;

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
