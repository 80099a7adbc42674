//! The demo's database: made once, then left as it is.

use anyhow::Result;
use testkit::Cluster;

/// The demo's database.
pub(super) const NAME: &str = "strongroom";
/// The role that the daemons sign in as.
pub(super) const APPLICATION_ROLE: &str = "strongroom_app";

/// Makes the database if it is not there.
pub(super) async fn prepare(cluster: &Cluster) -> Result<()> {
    let client = cluster.superuser("postgres")?.connect().await?;
    let found = client
        .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&NAME])
        .await?;
    if found.is_none() {
        client
            .batch_execute(&format!("CREATE DATABASE {NAME} TEMPLATE template0"))
            .await?;
    }
    Ok(())
}
