//! An order to delete that was carried out, put up again as its superuser where the database has gone back to before it: with the
//! time at which it was given, which the application's login cannot choose.
//!
//! Invariant: as for everybody, no change without its entry in the same transaction.

use crate::{StoreError, entry::NewEntry};
use jiff::Timestamp;
use tokio_postgres::{Client, types::ToSql};
use types::{AccountId, DeletionId, OrganizationId};

/// What was ordered.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Its id.
    pub id: DeletionId,
    /// Of which organization.
    pub organization: OrganizationId,
    /// What it is called in addresses.
    pub slug: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// `order` or `window`.
    pub cause: &'a str,
    /// When.
    pub ordered_at: Timestamp,
    /// By which owner.
    pub ordered_by: Option<AccountId>,
    /// It was to be carried out so many hours later.
    pub hours: i32,
}

/// Puts it up, in the place of any that is open for the organization; does nothing where it is there.
///
/// # Errors
/// As the database answers.
pub async fn order(superuser: &mut Client, order: &Order<'_>, entry: &NewEntry) -> Result<(), StoreError> {
    const CALL_BACK: &str = "UPDATE strongroom.deletion SET called_back_at = clock_timestamp()
        WHERE organization_id = $1 AND id <> $2 AND called_back_at IS NULL AND finished_at IS NULL";
    const INSERT: &str = "INSERT INTO strongroom.deletion
            (id, organization_id, slug, name, cause, ordered_at, ordered_by, hours)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
    const APPEND: &str = "SELECT strongroom.append_entry($1, $2, $3, $4, $5, $6, $7, $8)";
    let tx = superuser.transaction().await?;
    tx.execute(CALL_BACK, &[&order.organization.0, &order.id.0])
        .await?;
    let by = order.ordered_by.map(|account| account.0);
    let row: [&(dyn ToSql + Sync); 8] = [
        &order.id.0,
        &order.organization.0,
        &order.slug,
        &order.name,
        &order.cause,
        &order.ordered_at,
        &by,
        &order.hours,
    ];
    tx.execute(INSERT, &row).await?;
    let (c_header, c_before, c_after) = (&entry.c_header[..], &entry.c_before[..], &entry.c_after[..]);
    let organization = entry.organization.map(|organization| organization.0);
    let values: [&(dyn ToSql + Sync); 8] = [
        &entry.id.0,
        &entry.kind,
        &entry.key_version,
        &entry.header,
        &c_header,
        &c_before,
        &c_after,
        &organization,
    ];
    tx.query_one(APPEND, &values).await?;
    Ok(tx.commit().await?)
}
