//! Dropping tests' databases, with the roles that live in them alone.

use anyhow::Result;
use tokio_postgres::Client;

use super::Database;
use crate::process::is_running;

/// Roles that own something or have rights in the database. The house's fixed roles stay for the next test.
const ROLES: &str = "SELECT DISTINCT r.rolname::text FROM pg_shdepend d \
    JOIN pg_roles r ON r.oid = d.refobjid \
    JOIN pg_database b ON b.oid = d.dbid \
    WHERE d.refclassid = 'pg_authid'::regclass AND b.datname = $1 \
    AND r.rolname !~ '^(pg_|postgres$|strongroom)'";

pub(super) async fn drop_database(database: &Database) -> Result<()> {
    let client = database.cluster().superuser("postgres")?.connect().await?;
    drop_with_roles(&client, database.name()).await
}

/// Databases of test processes that were killed before they could clean up.
pub(super) async fn drop_databases_of_dead_processes(client: &Client) -> Result<()> {
    let query = "SELECT datname::text FROM pg_database WHERE datname ~ '^test_[0-9]+_[0-9]+$'";
    for row in client.query(query, &[]).await? {
        let name: String = row.get(0);
        if pid_of(&name).is_some_and(|pid| !is_running(pid)) {
            drop_with_roles(client, &name).await?;
        }
    }
    Ok(())
}

/// Another test may clean up the same database at the same time, and a template may hold the same roles; both leave
/// nothing for us to do.
async fn drop_with_roles(client: &Client, name: &str) -> Result<()> {
    let roles = client.query(ROLES, &[&name]).await?;
    client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await
        .ok();
    for row in roles {
        let role: String = row.get(0);
        client
            .batch_execute(&format!("DROP ROLE IF EXISTS \"{}\"", role.replace('"', "\"\"")))
            .await
            .ok();
    }
    Ok(())
}

fn pid_of(database: &str) -> Option<i32> {
    database.strip_prefix("test_")?.split('_').next()?.parse().ok()
}
