//! The database itself, made and brought up to date by the cluster's superuser.

use crate::{
    StoreError,
    identifier::Identifier,
    migration::{self, MigrationError, Scope, Status},
};
use tokio_postgres::Client;

/// How the names of databases begin that are made to be thrown away.
pub const SCRATCH: &str = "strongroom_rehearsal";

/// What [`upgrade`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// Version of the control schema before; 0 for an empty database.
    pub from: i32,
    /// Version now.
    pub to: i32,
    /// Organizations' schemas that were brought up to date.
    pub organizations: usize,
}

/// Makes the database if the cluster has none of that name; true when it was made.
///
/// # Errors
/// As the database answers; [`StoreError::Internal`] for a name that is not of [`Identifier`]'s shape.
pub async fn ensure(superuser: &Client, name: &str) -> Result<bool, StoreError> {
    let identifier = Identifier::new(name).ok_or_else(|| {
        StoreError::unexpected(format!(
            "the database name {name:?} is not lower-case letters, digits and underscores"
        ))
    })?;
    let found = superuser
        .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name])
        .await?;
    if found.is_some() {
        return Ok(false);
    }
    // template0 has no objects of a site and allows to name the encoding, whatever the cluster's is.
    let statement = format!("CREATE DATABASE {identifier} TEMPLATE template0 ENCODING 'UTF8'");
    superuser.batch_execute(&statement).await?;
    Ok(true)
}

/// Removes a database that was made to be thrown away; whoever is connected to it is cut off.
///
/// # Errors
/// As [`ensure`]; a name that does not begin with [`SCRATCH`] is refused.
pub async fn drop_scratch(superuser: &Client, name: &str) -> Result<(), StoreError> {
    let identifier = Identifier::new(name).filter(|_| name.starts_with(SCRATCH));
    let identifier = identifier.ok_or_else(|| {
        StoreError::unexpected(format!(
            "the database {name:?} is no rehearsal's; it is not removed"
        ))
    })?;
    let statement = format!("DROP DATABASE IF EXISTS {identifier} WITH (FORCE)");
    Ok(superuser.batch_execute(&statement).await?)
}

/// Migrates and says from where to where.
///
/// # Errors
/// As [`migration::migrate`].
pub async fn upgrade(superuser: &Client) -> Result<Upgraded, MigrationError> {
    let before = migration::status(superuser).await?;
    let applied = migration::migrate(superuser).await?;
    let after = migration::status(superuser).await?;
    Ok(Upgraded {
        from: version(&before),
        to: version(&after),
        organizations: applied.organizations,
    })
}

/// Version of the control schema.
#[must_use]
pub fn version(status: &Status) -> i32 {
    let control = status.applied.iter().filter(|step| step.scope == Scope::Control);
    control.map(|step| step.version).max().unwrap_or(0)
}
