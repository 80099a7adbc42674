//! Templates: made once for a fingerprint, kept over runs, the oldest dropped.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result};
use tokio_postgres::Client;

use super::Database;
use crate::cluster::Cluster;

/// Any number, the same in all processes ("testkit" on a telephone's keys).
const LOCK: i64 = 8_378_548;

/// Templates of other branches that stay, so that going back and forth costs nothing.
const TEMPLATES_KEPT: i64 = 6;

/// The name of the template for the fingerprint, made if it is not there.
pub(super) async fn ensure(
    client: &Client,
    cluster: &Cluster,
    fingerprint: &str,
    prepare: impl AsyncFnOnce(&Database) -> Result<()>,
) -> Result<String> {
    let name = name(fingerprint);
    if exists(client, &name).await? {
        return Ok(name);
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let made = make(client, cluster, &name, prepare).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    made.with_context(|| format!("cannot make the template database {name}"))?;
    Ok(name)
}

async fn make(
    client: &Client,
    cluster: &Cluster,
    name: &str,
    prepare: impl AsyncFnOnce(&Database) -> Result<()>,
) -> Result<()> {
    if exists(client, name).await? {
        return Ok(());
    }
    drop_surplus(client).await?;
    let draft = format!("{name}_draft");
    client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
        .await?;
    client
        .batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0"))
        .await?;
    prepare(&Database {
        cluster: cluster.clone(),
        name: draft.clone(),
    })
    .await?;
    // Backends of connections that were just closed may linger; they would hold up the renaming and every copy.
    client
        .batch_execute(&format!("ALTER DATABASE {draft} ALLOW_CONNECTIONS false"))
        .await?;
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
    client.execute(end, &[&draft]).await?;
    client
        .batch_execute(&format!("ALTER DATABASE {draft} IS_TEMPLATE true"))
        .await?;
    client
        .batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}"))
        .await?;
    Ok(())
}

/// A template that is being copied just now cannot be dropped; it goes another time.
async fn drop_surplus(client: &Client) -> Result<()> {
    let query = "SELECT datname::text FROM pg_database WHERE datname ~ '^template_[0-9a-f]{16}$' \
                 ORDER BY oid DESC OFFSET $1";
    for row in client.query(query, &[&TEMPLATES_KEPT]).await? {
        let name: String = row.get(0);
        client
            .batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE false"))
            .await
            .ok();
        client.batch_execute(&format!("DROP DATABASE {name}")).await.ok();
    }
    Ok(())
}

async fn exists(client: &Client, name: &str) -> Result<bool> {
    Ok(client
        .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name])
        .await?
        .is_some())
}

/// Not a cryptographic hash: the fingerprint is our own text.
fn name(fingerprint: &str) -> String {
    let mut hasher = DefaultHasher::new();
    fingerprint.hash(&mut hasher);
    format!("template_{:016x}", hasher.finish())
}
