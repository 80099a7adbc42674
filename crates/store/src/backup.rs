//! What backups and drills ask the cluster as its superuser: a named point with the state of every table at exactly that
//! point, and how archiving goes.
//!
//! Invariant: a manifest that says it is exact was taken in a snapshot that no transaction ran into or ended between it and
//! the point, so that a copy restored to the point must hold the very same rows.

use crate::StoreError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio_postgres::Client;

/// How often a moment without a write is looked for, and how long between two tries.
const TRIES: usize = 600;
const AGAIN: Duration = Duration::from_millis(100);
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// A table is read as a whole.
const STATEMENT: &str = "SET statement_timeout = '6h'; SET lock_timeout = '30s'";
/// The text of a value must not depend on who asks.
const FORMS: &str = "SET extra_float_digits = 1; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET bytea_output = 'hex'; \
                     SET intervalstyle = 'postgres'";

/// How archiving goes, for any login. Segments have 16 MiB; a name ends in the log and the segment in it.
pub(crate) const ARCHIVER: &str = "
    SELECT last_archived_wal AS last, last_archived_time AS last_at, last_failed_wal AS failed, last_failed_time AS failed_at,
        current_setting('archive_mode') <> 'off' AS is_on,
        CASE WHEN last_archived_wal ~ '^[0-9A-F]{24}' THEN greatest(0, div(pg_current_wal_lsn() - '0/0', 16777216)::bigint - 1
            - ('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * 256
            - ('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint) ELSE 0 END AS files_behind
    FROM pg_stat_archiver";

/// One table's rows, told apart from any others by count and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// `schema.table`, quoted where needed.
    pub name: String,
    /// Rows.
    pub rows: i64,
    /// The sum of all rows' hashes, whatever their order.
    pub digest: String,
}

/// The state of every table at a point that a copy can be restored to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The point's name.
    pub point: String,
    /// When it was set, by the database's clock.
    pub at: Timestamp,
    /// The last file of changes that a copy at this point needs.
    pub change: String,
    /// The server's major version.
    pub major: u32,
    /// No transaction ran or ended between the tables' snapshot and the point.
    pub is_exact: bool,
    /// The tables of the control schema and of every organization, sorted by name.
    pub tables: Vec<TableDigest>,
}

/// How archiving goes (`pg_stat_archiver`), by the database's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archiver {
    /// The newest file that was archived.
    pub last: Option<String>,
    /// When.
    pub last_at: Option<Timestamp>,
    /// The last file that could not be.
    pub failed: Option<String>,
    /// When.
    pub failed_at: Option<Timestamp>,
    /// Archiving is switched on.
    pub is_on: bool,
    /// Files of changes that are whole and were not archived yet.
    pub files_behind: i64,
}

/// Sets a point whose name begins with `prefix` and takes the manifest of it; `beside` is a second connection to the same
/// database. Where somebody writes all the time, the manifest is not exact and says so.
///
/// # Errors
/// As the database answers.
pub async fn mark(superuser: &Client, beside: &Client, prefix: &str) -> Result<Manifest, StoreError> {
    superuser.batch_execute(STATEMENT).await?;
    superuser.batch_execute(FORMS).await?;
    let mut number = 0;
    loop {
        number += 1;
        superuser.batch_execute(SNAPSHOT).await?;
        let before = snapshot(superuser).await?;
        let is_last = number == TRIES;
        if is_quiet(&before) || is_last {
            // Recovery stops at the first point of a name: each try has its own.
            let point = format!("{prefix}-{number}");
            let at = set_point(beside, &point).await?;
            let is_exact = is_quiet(&before) && snapshot(beside).await? == before;
            if is_exact || is_last {
                return take(superuser, beside, point, at, is_exact).await;
            }
        }
        superuser.batch_execute("ROLLBACK").await?;
        tokio::time::sleep(AGAIN).await;
    }
}

async fn take(
    superuser: &Client,
    beside: &Client,
    point: String,
    at: Timestamp,
    is_exact: bool,
) -> Result<Manifest, StoreError> {
    let change = switch(beside).await?;
    let tables = read_tables(superuser).await?;
    superuser.batch_execute("COMMIT").await?;
    let major = major(superuser).await?;
    Ok(Manifest {
        point,
        at,
        change,
        major,
        is_exact,
        tables,
    })
}

/// The digests of every table, in one snapshot.
///
/// # Errors
/// As the database answers; a page whose checksum is wrong is one such answer.
pub async fn digests(superuser: &Client) -> Result<Vec<TableDigest>, StoreError> {
    superuser.batch_execute(STATEMENT).await?;
    superuser.batch_execute(FORMS).await?;
    superuser.batch_execute(SNAPSHOT).await?;
    let tables = read_tables(superuser).await?;
    superuser.batch_execute("COMMIT").await?;
    Ok(tables)
}

/// Ends the current file of changes, so that it is archived now; gives its name.
///
/// # Errors
/// As the database answers.
pub async fn switch(superuser: &Client) -> Result<String, StoreError> {
    let text = "SELECT pg_walfile_name(pg_switch_wal())";
    Ok(superuser.query_one(text, &[]).await?.get(0))
}

/// How archiving goes.
///
/// # Errors
/// As the database answers.
pub async fn archiver(client: &Client) -> Result<Archiver, StoreError> {
    let row = client.query_one(ARCHIVER, &[]).await?;
    Ok(Archiver {
        last: row.get("last"),
        last_at: row.get("last_at"),
        failed: row.get("failed"),
        failed_at: row.get("failed_at"),
        is_on: row.get("is_on"),
        files_behind: row.get("files_behind"),
    })
}

/// Two empty transactions and a moment between them: a copy that was restored to the moment has seen the first one end and has
/// not seen the second begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// The transaction before, as the database counts it.
    before: String,
    /// The moment, by the database's clock.
    pub moment: Timestamp,
    /// The transaction after.
    after: String,
    /// The last file of changes that a copy at the moment needs.
    pub change: String,
}

/// What a copy has seen of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The transaction before the moment has ended well.
    pub before: bool,
    /// The transaction after it is there, too.
    pub after: bool,
}

/// Sets both marks. Nothing is written but that they ended.
///
/// # Errors
/// As the database answers.
pub async fn set_marks(superuser: &Client) -> Result<Marks, StoreError> {
    let before = empty_transaction(superuser).await?;
    tokio::time::sleep(AGAIN).await;
    let moment = superuser.query_one("SELECT clock_timestamp()", &[]).await?.get(0);
    tokio::time::sleep(AGAIN).await;
    let after = empty_transaction(superuser).await?;
    let change = switch(superuser).await?;
    Ok(Marks {
        before,
        moment,
        after,
        change,
    })
}

async fn empty_transaction(client: &Client) -> Result<String, StoreError> {
    let text = "SELECT pg_current_xact_id()::text";
    Ok(client.query_one(text, &[]).await?.get(0))
}

/// What of the marks a copy has seen, which must not have been written to since it was restored.
///
/// # Errors
/// As the database answers.
pub async fn see_marks(copy: &Client, marks: &Marks) -> Result<Seen, StoreError> {
    // A transaction that the copy has not seen begin is not in its past; to ask how it ended would be an error.
    let text = "SELECT CASE WHEN $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())
            THEN pg_xact_status($1::text::xid8) = 'committed' ELSE false END,
        $2::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())";
    let row = copy.query_one(text, &[&marks.before, &marks.after]).await?;
    Ok(Seen {
        before: row.get(0),
        after: row.get(1),
    })
}

/// Values that stand in the database in the clear: addresses of accounts, names of organizations; at most 16.
///
/// # Errors
/// As the database answers.
pub async fn known_values(superuser: &Client) -> Result<Vec<String>, StoreError> {
    let text = "(SELECT email::text FROM strongroom.account ORDER BY id LIMIT 12) UNION ALL
        (SELECT name FROM strongroom.organization WHERE length(name) >= 8 ORDER BY id LIMIT 4)";
    let rows = superuser.query(text, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether a cluster still replays changes.
///
/// # Errors
/// As the database answers.
pub async fn is_replaying(client: &Client) -> Result<bool, StoreError> {
    Ok(client.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0))
}

async fn read_tables(client: &Client) -> Result<Vec<TableDigest>, StoreError> {
    let text = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND (n.nspname = 'strongroom' OR n.nspname ~ '^o_[a-z2-7]{26}$') ORDER BY 1";
    let mut tables = Vec::new();
    for row in client.query(text, &[]).await? {
        let name: String = row.get(0);
        // The name comes quoted out of the catalogue.
        let text = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(whole_row::text, 0)::numeric), 0)::text FROM {name} whole_row"
        );
        let row = client.query_one(&text, &[]).await?;
        tables.push(TableDigest {
            name,
            rows: row.get(0),
            digest: row.get(1),
        });
    }
    Ok(tables)
}

async fn set_point(client: &Client, point: &str) -> Result<Timestamp, StoreError> {
    let text = "SELECT clock_timestamp() FROM pg_create_restore_point($1)";
    Ok(client.query_one(text, &[&point]).await?.get(0))
}

/// `xmin:xmax:in progress` (PostgreSQL, `pg_snapshot`).
async fn snapshot(client: &Client) -> Result<String, StoreError> {
    let text = "SELECT pg_current_snapshot()::text";
    Ok(client.query_one(text, &[]).await?.get(0))
}

/// Nobody is writing: a transaction whose end is logged already may still count as running, so there must be none.
fn is_quiet(snapshot: &str) -> bool {
    let mut parts = snapshot.split(':');
    matches!((parts.next(), parts.next(), parts.next()), (Some(one), Some(other), Some("")) if one == other)
}

async fn major(client: &Client) -> Result<u32, StoreError> {
    let text = "SELECT current_setting('server_version_num')::integer / 10000";
    let major: i32 = client.query_one(text, &[]).await?.get(0);
    u32::try_from(major).map_err(|_| StoreError::unexpected("a version below zero"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_snapshot_with_nobody_writing_is_quiet() {
        assert!(is_quiet("740:740:"));
        for other in ["740:741:740", "739:741:739,740", "740:741:", ""] {
            assert!(!is_quiet(other), "{other}");
        }
    }
}
