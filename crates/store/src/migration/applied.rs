//! Which steps a database has had: table `strongroom_migration.applied`.

use super::{Migration, MigrationError, Steps, in_transaction};
use crate::StoreError;
use jiff::Timestamp;
use std::fmt;
use tokio_postgres::Client;

/// Which schemas a step changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The schema `strongroom`.
    Control,
    /// Each organization's schema.
    Organization,
}

impl Scope {
    /// In the order of migration.
    pub const ALL: [Self; 2] = [Self::Control, Self::Organization];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Organization => "organization",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A step that a database has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedStep {
    /// Which schemas.
    pub scope: Scope,
    /// Its version.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// [`Migration::checksum`] of what was applied.
    pub checksum: String,
    /// When.
    pub applied_at: Timestamp,
}

/// Makes the table if it is not there.
pub(super) async fn prepare(client: &Client) -> Result<(), MigrationError> {
    let text = "CREATE SCHEMA IF NOT EXISTS strongroom_migration;
        CREATE TABLE IF NOT EXISTS strongroom_migration.applied (
            scope      text NOT NULL,
            version    integer NOT NULL,
            name       text NOT NULL,
            checksum   text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (scope, version)
        )";
    Ok(client.batch_execute(text).await?)
}

/// Every step that the database has had, control first, in order; none in a database that was never migrated.
pub(super) async fn list(client: &Client) -> Result<Vec<AppliedStep>, MigrationError> {
    let exists = "SELECT to_regclass('strongroom_migration.applied') IS NOT NULL";
    if !client.query_one(exists, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(Vec::new());
    }
    let text = "SELECT scope, version, name, checksum, applied_at FROM strongroom_migration.applied
        ORDER BY scope, version LIMIT 10000";
    client.query(text, &[]).await?.iter().map(step_of).collect()
}

fn step_of(row: &tokio_postgres::Row) -> Result<AppliedStep, MigrationError> {
    let name: String = row.try_get(0)?;
    let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
    Ok(AppliedStep {
        scope: scope.ok_or_else(|| StoreError::unexpected(format!("unknown scope {name:?}")))?,
        version: row.try_get(1)?,
        name: row.try_get(2)?,
        checksum: row.try_get(3)?,
        applied_at: row.try_get(4)?,
    })
}

/// Refuses a database that is newer than the program or had other steps.
pub(super) fn check(steps: Steps, known: &[AppliedStep]) -> Result<(), MigrationError> {
    for applied in known {
        let (scope, version) = (applied.scope, applied.version);
        let Some(step) = steps.of(scope).iter().find(|step| step.version == version) else {
            let database = known
                .iter()
                .filter(|applied| applied.scope == scope)
                .map(|a| a.version)
                .max();
            let database = database.unwrap_or(version);
            return Err(MigrationError::DatabaseIsNewer {
                scope,
                database,
                program: steps.newest(scope),
            });
        };
        if step.checksum() != applied.checksum {
            return Err(MigrationError::Changed {
                scope,
                version,
                name: applied.name.clone(),
            });
        }
    }
    Ok(())
}

/// The steps still to do.
pub(super) fn pending(
    steps: Steps,
    known: &[AppliedStep],
    scope: Scope,
) -> impl Iterator<Item = &'static Migration> + use<> {
    let reached = known
        .iter()
        .filter(|applied| applied.scope == scope)
        .map(|applied| applied.version)
        .max();
    steps
        .of(scope)
        .iter()
        .filter(move |step| step.version > reached.unwrap_or(0))
}

/// The steps of a scope to undo, newest first.
pub(super) fn done_above(
    steps: Steps,
    known: &[AppliedStep],
    scope: Scope,
    version: i32,
) -> impl Iterator<Item = &'static Migration> {
    let done = move |step: &&Migration| {
        step.version > version
            && known
                .iter()
                .any(|a| (a.scope, a.version) == (scope, step.version))
    };
    steps.of(scope).iter().rev().filter(done)
}

/// Does a control step.
pub(super) async fn apply(client: &Client, step: &Migration) -> Result<(), MigrationError> {
    in_transaction(client, &format!("{}\n;{}", step.up, record(step))).await
}

/// Undoes a control step. Undoing the first takes the organizations' template along, so its steps are forgotten.
pub(super) async fn undo(client: &Client, step: &Migration) -> Result<(), MigrationError> {
    let forgotten = if step.version == 1 {
        "true"
    } else {
        "scope = 'control'"
    };
    let version = step.version;
    let forget =
        format!("DELETE FROM strongroom_migration.applied WHERE version >= {version} AND {forgotten}");
    in_transaction(client, &format!("{}\n;{forget}", step.down)).await
}

/// The statement that records a step. Its parts are our own names and digits: none can end a literal.
pub(super) fn record(step: &Migration) -> String {
    let Migration {
        scope, version, name, ..
    } = step;
    let checksum = step.checksum();
    format!(
        "INSERT INTO strongroom_migration.applied (scope, version, name, checksum)
         VALUES ('{scope}', {version}, '{name}', '{checksum}')"
    )
}
