//! Figures about the database: how much there is and how PostgreSQL is set, never what is in it.

use super::Reads;
use crate::StoreError;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

/// Most lines of any list here.
pub const LINES_MAX: i64 = 500;

/// How large a table is.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct TableFigure {
    /// Its schema: `strongroom`, or an organization's opaque name.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// Its name, which is ours.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Rows, as PostgreSQL estimated when it last looked; -1 when it never did.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    /// Bytes with indexes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// How often something is there.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Count {
    /// What, in words of ours.
    #[diesel(sql_type = Text)]
    pub what: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// A setting of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct ServerSetting {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its value with its unit.
    #[diesel(sql_type = Text)]
    pub value: String,
}

/// The largest tables of ours, largest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn tables(on: &mut impl Reads) -> Result<Vec<TableFigure>, StoreError> {
    let text = "SELECT n.nspname::text AS schema, c.relname::text AS name, c.reltuples::bigint AS rows,
            pg_total_relation_size(c.oid)::bigint AS bytes
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname ~ '^(strongroom$|o_)'
        ORDER BY bytes DESC, schema, name LIMIT $1";
    let query = diesel::sql_query(text).bind::<BigInt, _>(LINES_MAX);
    Ok(query.load(on.connection()?).await?)
}

/// Settings that matter, without those that name places, people or programs.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn server_settings(on: &mut impl Reads) -> Result<Vec<ServerSetting>, StoreError> {
    let text = "SELECT name, setting || coalesce(' ' || unit, '') AS value FROM pg_settings
        WHERE name IN ('server_version', 'data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit', 'wal_level',
            'max_connections', 'shared_buffers', 'work_mem', 'maintenance_work_mem', 'effective_cache_size',
            'max_wal_size', 'checkpoint_timeout', 'autovacuum', 'archive_mode', 'archive_timeout', 'max_wal_senders',
            'max_replication_slots', 'max_slot_wal_keep_size', 'password_encryption', 'ssl', 'row_security', 'jit',
            'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'server_encoding', 'TimeZone')
        ORDER BY name";
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// Jobs by kind and state.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn jobs(on: &mut impl Reads) -> Result<Vec<Count>, StoreError> {
    let text = "SELECT kind || ' ' || state AS what, count(*) AS count FROM strongroom.job
        GROUP BY kind, state ORDER BY what LIMIT $1";
    let query = diesel::sql_query(text).bind::<BigInt, _>(LINES_MAX);
    Ok(query.load(on.connection()?).await?)
}

/// Requests that failed for our part, among the newest hundred thousand, by what was asked for.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn failed_requests(on: &mut impl Reads) -> Result<Vec<Count>, StoreError> {
    let text = "SELECT action || ' ' || coalesce(status::text, '-') AS what, count(*) AS count
        FROM strongroom.access_event
        WHERE outcome = 'failed' AND id > (SELECT coalesce(max(id), 0) - 100000 FROM strongroom.access_event)
        GROUP BY action, status ORDER BY count DESC, what LIMIT $1";
    let query = diesel::sql_query(text).bind::<BigInt, _>(LINES_MAX);
    Ok(query.load(on.connection()?).await?)
}
