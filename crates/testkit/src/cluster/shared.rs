//! The one cluster that all tests of this machine user share.
//!
//! Invariant: it holds nothing that cannot be made anew, so a cluster that does not start is wiped and remade.

use anyhow::Result;

use super::{Binaries, Cluster, ClusterSettings, Durability, Status};
use crate::state::state_folder;

/// The shared cluster of the PostgreSQL that tests run on (see [`Binaries::for_tests`]), started.
pub fn started() -> Result<Cluster> {
    let cluster = open()?;
    if cluster.start().is_err() && cluster.status() == Status::Stopped {
        cluster.wipe()?;
        cluster.start()?;
    }
    Ok(cluster)
}

/// Stops the shared cluster if it runs.
pub fn stop() -> Result<()> {
    open()?.stop()
}

fn open() -> Result<Cluster> {
    let binaries = Binaries::for_tests()?;
    let folder = state_folder()?.join(format!("test-{}", binaries.major()));
    Cluster::open(ClusterSettings {
        folder,
        binaries,
        durability: Durability::Volatile,
        options: Vec::new(),
    })
}
