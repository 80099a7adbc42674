//! An organization's side of the database, always through the organization's own login role.
//!
//! Invariants: no query on organization data outside this module; every connection belongs to one organization for its
//! whole life, so there is no role or search path to switch or to forget; every statement names its schema.
//!
//! Two ways lead in. [`Tenant::reader`] and [`Tenant::writer`] share connections between requests: one statement each,
//! pipelined, no transaction block. [`Tenant::begin`] takes a connection of its own for work of several statements and
//! commits only with an audit entry.

pub mod aggregate;
pub mod audit;
mod bind;
pub mod bulk;
pub mod catalogue;
pub mod file;
pub mod key_version;
pub mod past;
pub mod person;
mod pool;
pub mod probe;
pub mod query;
pub mod record;
pub mod reference;
mod row;
pub mod stale;
mod statement;
mod transaction;

pub use pool::{TenantLogin, Tenants};
pub use record::{RecordChange, StoredRecord};
pub use row::StoredValue;
pub use transaction::TenantTx;

use crate::{StoreError, identifier::Identifier};
use access::Permit;
use pool::Pool;
use statement::Cached;
use std::sync::Arc;
use types::{OrganizationId, SchemaName};

/// One organization's pooled connections.
#[derive(Clone)]
pub struct Tenant {
    pool: Arc<Pool>,
}

impl Tenant {
    /// Whose.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.pool.login.organization
    }

    /// The schema, quoted.
    #[must_use]
    pub fn schema(&self) -> &Identifier {
        &self.pool.schema
    }

    /// The schema's name.
    #[must_use]
    pub fn schema_name(&self) -> &SchemaName {
        &self.pool.login.schema
    }

    /// A shared connection for one quick statement that only reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the cluster cannot be reached.
    pub(crate) async fn reader(&self) -> Result<Arc<Cached>, StoreError> {
        self.pool.reader().await
    }

    /// A shared connection for one statement that changes a record and appends its entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the cluster cannot be reached.
    pub(crate) async fn writer(&self) -> Result<Arc<Cached>, StoreError> {
        self.pool.writer().await
    }

    /// Opens a transaction on a connection of its own, for the holder of a permit.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the cluster cannot be reached, [`StoreError::Timeout`] when no connection
    /// comes free.
    pub async fn begin(&self, permit: &Permit) -> Result<TenantTx, StoreError> {
        self.check_permit(permit)?;
        TenantTx::begin(self.clone()).await
    }

    /// Opens a read-only transaction that sees one snapshot, for exports and checks.
    ///
    /// # Errors
    /// As [`Tenant::begin`].
    pub async fn begin_snapshot(&self) -> Result<TenantTx, StoreError> {
        TenantTx::begin_snapshot(self.clone()).await
    }

    /// A permit of another organization here is a bug that must not reach the database.
    pub(crate) fn check_permit(&self, permit: &Permit) -> Result<(), StoreError> {
        if permit.organization() == self.organization().0 {
            Ok(())
        } else {
            Err(StoreError::unexpected("the permit is another organization's"))
        }
    }
}
