//! Sealed files in chunks: attachments of records, uploads for imports, reports. One store, one backup, one isolation.

use super::{Tenant, TenantTx};
use crate::StoreError;
use jiff::Timestamp;
use std::ops::Range;
use tokio_postgres::types::ToSql;
use types::{AccountId, AttachmentId, Dataset, Field, FieldKind};
use uuid::Uuid;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A record's attachment.
    Attachment,
    /// An upload to be imported.
    Import,
    /// A report for download.
    Report,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Import => "import",
            Self::Report => "report",
        }
    }
}

/// A file without its bytes.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// Its id.
    pub id: AttachmentId,
    /// Its name, sealed.
    pub name: Vec<u8>,
    /// Its media type, as the sender said.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// When it came.
    pub created_at: Timestamp,
    /// Who brought it.
    pub created_by: AccountId,
}

/// Adds a chunk. A file appears only with [`insert`], in the same transaction.
///
/// # Errors
/// What the database refused.
pub async fn insert_chunk(
    tx: &TenantTx,
    id: AttachmentId,
    number: i32,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let text = format!(
        "INSERT INTO {}._file_chunk (file_id, number, sealed) VALUES ($1, $2, $3)",
        tx.tenant.schema()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    connection
        .client
        .execute(&statement, &[&id.0, &number, &sealed])
        .await?;
    Ok(())
}

/// Adds a file whose chunks are there already.
///
/// # Errors
/// What the database refused.
pub async fn insert(tx: &TenantTx, purpose: Purpose, file: &StoredFile) -> Result<(), StoreError> {
    let text = format!(
        "INSERT INTO {}._file (id, purpose, name, media_type, size, sha256, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tx.tenant.schema()
    );
    let client = &tx.connection()?.client;
    client
        .execute(
            &text,
            &[
                &file.id.0,
                &purpose.as_str(),
                &file.name,
                &file.media_type,
                &file.size,
                &file.sha256,
                &file.created_by.0,
            ],
        )
        .await?;
    Ok(())
}

/// The file of that id and purpose.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(tenant: &Tenant, purpose: Purpose, id: AttachmentId) -> Result<StoredFile, StoreError> {
    let text = format!(
        "SELECT id, name, media_type, size, sha256, created_at, created_by FROM {}._file WHERE id = $1 AND purpose = $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let row = connection
        .client
        .query_opt(&statement, &[&id.0, &purpose.as_str()])
        .await?;
    read_file(&row.ok_or(StoreError::NotFound)?)
}

/// A sealed chunk; `None` after the last.
///
/// # Errors
/// What the connection reports.
pub async fn chunk(tenant: &Tenant, id: AttachmentId, number: i32) -> Result<Option<Vec<u8>>, StoreError> {
    let text = format!(
        "SELECT sealed FROM {}._file_chunk WHERE file_id = $1 AND number = $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let row = connection.client.query_opt(&statement, &[&id.0, &number]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Attachments that came in a period and that no record has now, with the time, at most 100, oldest first, those after one of them. `datasets`
/// are those with fields for them.
///
/// # Errors
/// What the connection reports.
pub async fn unattached(
    tenant: &Tenant,
    datasets: &[Dataset],
    came: Range<Timestamp>,
    after: Option<(AttachmentId, Timestamp)>,
) -> Result<Vec<(AttachmentId, Timestamp)>, StoreError> {
    let schema = tenant.schema();
    let held = |dataset: &Dataset| {
        let fields = dataset.fields.iter();
        let fields = fields.filter(|field| field.kind == FieldKind::Attachment);
        let not = |field: &Field| {
            let (table, column) = (dataset.table(), field.column());
            format!(" AND NOT EXISTS (SELECT FROM {schema}.\"{table}\" r WHERE r.\"{column}\" = f.id)")
        };
        fields.map(not).collect::<String>()
    };
    let held: String = datasets.iter().map(held).collect();
    let text = format!(
        "SELECT f.id, f.created_at FROM {schema}._file f
         WHERE f.purpose = 'attachment' AND f.created_at >= $1 AND f.created_at < $2 AND (f.created_at, f.id) > ($3, $4){held}
         ORDER BY f.created_at, f.id LIMIT 100"
    );
    let connection = tenant.reader().await?;
    let (last, at) = after.map_or((Uuid::nil(), came.start), |(id, at)| (id.0, at));
    let values: [&(dyn ToSql + Sync); 4] = [&came.start, &came.end, &at, &last];
    let rows = connection.client.query(&text, &values).await?;
    let read = |row: &tokio_postgres::Row| Ok((AttachmentId(row.try_get(0)?), row.try_get(1)?));
    rows.iter().map(read).collect()
}

/// Whether a record has an attachment in one of the fields that are meant.
///
/// # Errors
/// What the connection reports.
pub async fn is_held(
    tenant: &Tenant,
    datasets: &[Dataset],
    id: AttachmentId,
    is_meant: impl Fn(&Dataset, &Field) -> bool,
) -> Result<bool, StoreError> {
    let schema = tenant.schema();
    let mut looks = Vec::new();
    for dataset in datasets {
        let fields = dataset.fields.iter();
        let fields = fields.filter(|field| field.kind == FieldKind::Attachment && is_meant(dataset, field));
        looks.extend(fields.map(|field| {
            let (table, column) = (dataset.table(), field.column());
            format!("EXISTS (SELECT FROM {schema}.\"{table}\" r WHERE r.\"{column}\" = $1)")
        }));
    }
    if looks.is_empty() {
        return Ok(false);
    }
    let text = format!("SELECT {}", looks.join(" OR "));
    let connection = tenant.reader().await?;
    let row = connection.client.query_one(&text, &[&id.0]).await?;
    Ok(row.try_get(0)?)
}

/// Removes a file with its chunks, such as an upload after its import.
///
/// # Errors
/// What the database refused.
pub async fn remove(tx: &TenantTx, id: AttachmentId) -> Result<(), StoreError> {
    let client = &tx.connection()?.client;
    client
        .execute(
            &format!(
                "DELETE FROM {}._file_chunk WHERE file_id = $1",
                tx.tenant.schema()
            ),
            &[&id.0],
        )
        .await?;
    client
        .execute(
            &format!("DELETE FROM {}._file WHERE id = $1", tx.tenant.schema()),
            &[&id.0],
        )
        .await?;
    Ok(())
}

/// The media type of an archive that is kept for whoever opens it: ciphertext, which nobody here reads.
pub const KEPT_ARCHIVE: &str = "application/x-age";

/// Kept archives that were made before a time, oldest first, at most 100: the next look finds the others.
///
/// # Errors
/// What the connection reports.
pub async fn kept_archives(tenant: &Tenant, before: Timestamp) -> Result<Vec<AttachmentId>, StoreError> {
    let text = format!(
        "SELECT id FROM {}._file WHERE purpose = 'report' AND media_type = $1 AND created_at < $2 ORDER BY created_at, id LIMIT 100",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[&KEPT_ARCHIVE, &before]).await?;
    rows.iter().map(|row| Ok(AttachmentId(row.try_get(0)?))).collect()
}

/// What imports left: uploads that wait, their papers, reports of refused rows. A page of them in the order of ids, after the one before.
///
/// # Errors
/// What the connection reports.
pub async fn of_imports(
    tenant: &Tenant,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<StoredFile>, StoreError> {
    let text = format!(
        "SELECT id, name, media_type, size, sha256, created_at, created_by FROM {0}._file f
         WHERE purpose IN ('import', 'report') AND media_type <> $2 AND ($3::uuid IS NULL OR id > $3)
           AND NOT EXISTS (SELECT FROM {0}._person_request r WHERE r.id = f.id)
         ORDER BY id LIMIT $1",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let after = after.map(|id| id.0);
    let rows = connection
        .client
        .query(&text, &[&limit, &KEPT_ARCHIVE, &after])
        .await?;
    rows.iter().map(read_file).collect()
}

/// Which of these files are there.
///
/// # Errors
/// What the connection reports.
pub async fn present(tenant: &Tenant, ids: &[AttachmentId]) -> Result<Vec<AttachmentId>, StoreError> {
    let text = format!(
        "SELECT id FROM {}._file WHERE id = ANY($1) ORDER BY id",
        tenant.schema()
    );
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[&ids]).await?;
    rows.iter().map(|row| Ok(AttachmentId(row.try_get(0)?))).collect()
}

fn read_file(row: &tokio_postgres::Row) -> Result<StoredFile, StoreError> {
    Ok(StoredFile {
        id: AttachmentId(row.try_get(0)?),
        name: row.try_get(1)?,
        media_type: row.try_get(2)?,
        size: row.try_get(3)?,
        sha256: row.try_get(4)?,
        created_at: row.try_get(5)?,
        created_by: AccountId(row.try_get(6)?),
    })
}
