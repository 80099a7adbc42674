//! What a search found for a person's request, what somebody said of it, and the keys that a search opens records with.

use crate::{
    StoreError,
    tenant::{Tenant, TenantTx},
};
use tokio_postgres::Row;
use types::{Dataset, DatasetId, PersonRequestId, RecordId};
use uuid::Uuid;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitKind {
    /// A record.
    Record,
    /// A stored file: an attachment, or what an import left.
    File,
}

impl HitKind {
    /// The name in the database and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::File => "file",
        }
    }
}

/// What somebody said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is this person's.
    Theirs,
    /// It is somebody else's.
    Other,
}

impl Verdict {
    /// The name in the database and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Theirs => "theirs",
            Self::Other => "other",
        }
    }
}

/// A hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The record's or file's id.
    pub object: Uuid,
    /// Which of the two.
    pub kind: HitKind,
    /// A record's dataset.
    pub dataset: Option<DatasetId>,
    /// Keys of the fields with the words, and whether only an earlier version had them.
    pub found_in: Vec<String>,
    /// Whether words were found in it; else it only refers to what is theirs, or hangs on it.
    pub has_words: bool,
    /// What somebody said of it.
    pub verdict: Option<Verdict>,
}

/// Adds hits; of one that is there already, the places where it was found are replaced.
///
/// # Errors
/// [`StoreError::Refused`] of `keep_person_hit` once an erasure is proposed or the request closed.
pub async fn put_hits(tx: &TenantTx, request: PersonRequestId, hits: &[Hit]) -> Result<(), StoreError> {
    let text = format!(
        "INSERT INTO {}._person_hit AS h (request_id, object_id, kind, dataset_id, found_in, has_words, verdict)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (request_id, object_id) DO UPDATE
            SET found_in = EXCLUDED.found_in, has_words = h.has_words OR EXCLUDED.has_words",
        tx.tenant.schema()
    );
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    for hit in hits {
        let dataset = hit.dataset.map(|dataset| dataset.0);
        let verdict = hit.verdict.map(Verdict::as_str);
        connection
            .client
            .execute(
                &statement,
                &[
                    &request.0,
                    &hit.object,
                    &hit.kind.as_str(),
                    &dataset,
                    &hit.found_in,
                    &hit.has_words,
                    &verdict,
                ],
            )
            .await?;
    }
    Ok(())
}

/// Says of hits whose they are; answers of how many.
///
/// # Errors
/// As [`put_hits`].
pub async fn set_verdict(
    tx: &TenantTx,
    request: PersonRequestId,
    objects: &[Uuid],
    verdict: Verdict,
) -> Result<u64, StoreError> {
    let text = format!(
        "UPDATE {}._person_hit SET verdict = $3 WHERE request_id = $1 AND object_id = ANY($2)",
        tx.tenant.schema()
    );
    let connection = tx.connection()?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&request.0, &objects, &verdict.as_str()];
    Ok(connection.client.execute(&text, &values).await?)
}

/// A request's hits, records by dataset and id, then files.
///
/// # Errors
/// What the connection reports.
pub async fn hits(tenant: &Tenant, request: PersonRequestId, limit: i64) -> Result<Vec<Hit>, StoreError> {
    let text = format!(
        "SELECT object_id, kind, dataset_id, found_in, verdict, has_words FROM {}._person_hit WHERE request_id = $1
         ORDER BY dataset_id NULLS LAST, object_id LIMIT $2",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[&request.0, &limit]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Hit, StoreError> {
    let (kind, verdict): (&str, Option<&str>) = (row.try_get(1)?, row.try_get(4)?);
    Ok(Hit {
        object: row.try_get(0)?,
        kind: match kind {
            "record" => HitKind::Record,
            _ => HitKind::File,
        },
        dataset: row.try_get::<_, Option<i32>>(2)?.map(DatasetId),
        found_in: row.try_get(3)?,
        has_words: row.try_get(5)?,
        verdict: verdict.map(|verdict| match verdict {
            "theirs" => Verdict::Theirs,
            _ => Verdict::Other,
        }),
    })
}

/// Of these records those whose newest version is not an erasure's.
///
/// # Errors
/// What the connection reports.
pub async fn unexplained(tenant: &Tenant, records: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let text = format!(
        "SELECT i.record_id FROM {0}._image i LEFT JOIN {0}._entry e ON e.id = i.entry_id
         WHERE i.record_id = ANY($1) AND e.kind IS DISTINCT FROM 2
            AND NOT EXISTS (SELECT FROM {0}._image n WHERE n.record_id = i.record_id AND n.version > i.version) LIMIT 50",
        tenant.schema()
    );
    let connection = tenant.reader().await?;
    let rows = connection.client.query(&text, &[&records]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What opens a record's versions, and which is its newest.
#[derive(Debug, Clone)]
pub struct RecordKey {
    /// Whose.
    pub record: RecordId,
    /// Its newest version.
    pub version: i64,
    /// Its own key, wrapped.
    pub key: Vec<u8>,
    /// Whether it is in the trash.
    pub is_trashed: bool,
}

/// The keys of those of these records that are there.
///
/// # Errors
/// What the connection reports.
pub async fn record_keys(
    tx: &TenantTx,
    dataset: &Dataset,
    ids: &[RecordId],
) -> Result<Vec<RecordKey>, StoreError> {
    let text = keys_text(tx.tenant.schema(), dataset);
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let connection = tx.connection()?;
    let statement = connection.prepare(&text).await?;
    let rows = connection.client.query(&statement, &[&ids]).await?;
    rows.iter().map(read_key).collect()
}

/// The same of one record, as it is now.
///
/// # Errors
/// What the connection reports.
pub async fn key_of(
    tenant: &Tenant,
    dataset: &Dataset,
    id: RecordId,
) -> Result<Option<RecordKey>, StoreError> {
    let text = keys_text(tenant.schema(), dataset);
    let connection = tenant.reader().await?;
    let statement = connection.prepare(&text).await?;
    let row = connection.client.query_opt(&statement, &[&vec![id.0]]).await?;
    row.as_ref().map(read_key).transpose()
}

fn keys_text(schema: &crate::identifier::Identifier, dataset: &Dataset) -> String {
    format!(
        "SELECT id, version, record_key, deleted_at IS NOT NULL FROM {schema}.\"{}\" WHERE id = ANY($1)",
        dataset.table()
    )
}

fn read_key(row: &Row) -> Result<RecordKey, StoreError> {
    Ok(RecordKey {
        record: RecordId(row.try_get(0)?),
        version: row.try_get(1)?,
        key: row.try_get(2)?,
        is_trashed: row.try_get(3)?,
    })
}
