//! Stored files that are sealed under an older key version, and putting them under a newer one.
//!
//! Invariants: the organization's login changes a file through these two functions of the database only, which ask for
//! an entry of key rotation in the same transaction and never put an older version in the place of a newer one.

use super::{Tenant, TenantTx};
use crate::StoreError;
use types::AttachmentId;

/// A file and its sealed name.
#[derive(Debug, Clone)]
pub struct SealedName {
    /// The file.
    pub file: AttachmentId,
    /// Its name, sealed.
    pub sealed: Vec<u8>,
}

/// A chunk of a file.
#[derive(Debug, Clone)]
pub struct SealedChunk {
    /// Of which file.
    pub file: AttachmentId,
    /// Which, from 0.
    pub number: i32,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// Files in the order of their ids, those after `after`.
///
/// # Errors
/// What the connection reports.
pub async fn names(
    tenant: &Tenant,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<SealedName>, StoreError> {
    let text = format!(
        "SELECT id, name FROM {}._file WHERE id > $1 ORDER BY id LIMIT $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let after = after.map_or(uuid::Uuid::nil(), |id| id.0);
    let rows = connection.client.query(&statement, &[&after, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(SealedName {
                file: AttachmentId(row.try_get(0)?),
                sealed: row.try_get(1)?,
            })
        })
        .collect()
}

/// Chunks under a version before `version` of the files `first` to `last`, in their order, after one of them.
///
/// # Errors
/// What the connection reports.
pub async fn chunks(
    tx: &TenantTx,
    (first, last): (AttachmentId, AttachmentId),
    after: Option<(AttachmentId, i32)>,
    version: u32,
    limit: i64,
) -> Result<Vec<SealedChunk>, StoreError> {
    let text = format!(
        "SELECT file_id, number, sealed FROM {}._file_chunk
         WHERE file_id BETWEEN $1 AND $2 AND (file_id, number) > ($3, $4) AND substr(sealed, 2, 4) < $5
         ORDER BY file_id, number LIMIT $6",
        tx.tenant.schema()
    );
    let (file, number) = after.map_or((uuid::Uuid::nil(), -1), |(file, number)| (file.0, number));
    let version = version.to_be_bytes();
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let rows = connection
        .client
        .query(
            &statement,
            &[&first.0, &last.0, &file, &number, &&version[..], &limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(SealedChunk {
                file: AttachmentId(row.try_get(0)?),
                number: row.try_get(1)?,
                sealed: row.try_get(2)?,
            })
        })
        .collect()
}

/// Puts a chunk under a newer version, under an entry of key rotation that was appended before; a chunk that is gone or
/// under that version already stays as it is.
///
/// # Errors
/// [`StoreError::Unaudited`] without that entry.
pub async fn reseal_chunk(tx: &TenantTx, chunk: &SealedChunk) -> Result<(), StoreError> {
    let text = format!("SELECT {}._reseal_chunk($1, $2, $3)", tx.tenant.schema());
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    connection
        .client
        .execute(&statement, &[&chunk.file.0, &chunk.number, &chunk.sealed])
        .await?;
    Ok(())
}

/// The same for a file's name.
///
/// # Errors
/// As [`reseal_chunk`].
pub async fn reseal_name(tx: &TenantTx, name: &SealedName) -> Result<(), StoreError> {
    let text = format!("SELECT {}._reseal_file_name($1, $2)", tx.tenant.schema());
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    connection
        .client
        .execute(&statement, &[&name.file.0, &name.sealed])
        .await?;
    Ok(())
}
