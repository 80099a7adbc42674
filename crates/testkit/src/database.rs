//! A database of its own for each test, copied from a template.
//!
//! Invariants: a template is visible under its name only when `prepare` has ended well; a test's database and the
//! roles that live in it alone go when the [`TestDatabase`] is dropped, or, if its process was killed, at the next
//! test's start. Start at [`TestDatabase::create`].

use std::fs::File;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::cluster::{Cluster, Login, shared};

mod cleanup;
mod template;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A database of a cluster: how its roles sign in.
#[derive(Debug, Clone)]
pub struct Database {
    cluster: Cluster,
    name: String,
}

impl Database {
    /// The cluster that the database is in.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the superuser signs in.
    pub fn superuser(&self) -> Result<Login> {
        self.cluster.superuser(&self.name)
    }

    /// How a role signs in; `prepare` gave the role [`Cluster::password`] when it made it.
    pub fn login(&self, role: &str) -> Result<Login> {
        self.cluster.login(role, &self.name)
    }
}

/// A test's own database; dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    database: Database,
    /// Keeps the shared cluster from being stopped under the test.
    _use: File,
}

impl TestDatabase {
    /// A fresh copy of the template for this fingerprint, in the shared test cluster, which is started if need be.
    ///
    /// `fingerprint` stands for everything that `prepare` does (the migrations' text). `prepare` gets an empty
    /// database, runs at most once for a fingerprint and under a lock over the whole cluster, and must leave no
    /// connection open.
    pub async fn create(
        fingerprint: &str,
        prepare: impl AsyncFnOnce(&Database) -> Result<()>,
    ) -> Result<Self> {
        let cluster = tokio::task::spawn_blocking(shared::started).await??;
        Self::create_in(cluster, fingerprint, prepare).await
    }

    /// The same in a given cluster, which is started if need be: for tests that crash it or need durability.
    pub async fn create_in(
        cluster: Cluster,
        fingerprint: &str,
        prepare: impl AsyncFnOnce(&Database) -> Result<()>,
    ) -> Result<Self> {
        crate::acts::record();
        let holding = cluster.clone();
        let held = tokio::task::spawn_blocking(move || -> Result<File> {
            let held = shared::hold(&holding)?;
            holding.start()?;
            Ok(held)
        })
        .await??;
        let client = cluster.superuser("postgres")?.connect().await?;
        let template = template::ensure(&client, &cluster, fingerprint, prepare).await?;
        cleanup::drop_databases_of_dead_processes(&client).await?;
        let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{counter}", std::process::id());
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await
            .with_context(|| format!("cannot copy the template {template}"))?;
        Ok(Self {
            database: Database { cluster, name },
            _use: held,
        })
    }
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

impl Drop for TestDatabase {
    /// On a thread with a runtime of its own: a value may be dropped inside a runtime, outside one, or in a panic.
    fn drop(&mut self) {
        let database = self.database.clone();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(cleanup::drop_database(&database))
        });
        // A cluster that a test has crashed cannot be asked, and the next test cleans up what is left.
        drop(dropping.join());
    }
}

#[cfg(test)]
mod tests;
