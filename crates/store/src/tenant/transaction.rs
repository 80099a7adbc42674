//! A transaction of several statements. It commits only together with its audit entry; dropping it rolls back.

use super::{Tenant, statement::Cached};
use crate::{StoreError, entry::NewEntry};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::types::ToSql;

/// An open transaction as an organization's login.
pub struct TenantTx {
    pub(crate) tenant: Tenant,
    /// `None` only while it is being given back.
    connection: Option<Cached>,
    _permit: OwnedSemaphorePermit,
}

impl TenantTx {
    pub(super) async fn begin(tenant: Tenant) -> Result<Self, StoreError> {
        let (connection, permit) = tenant.pool.take().await?;
        connection.client.batch_execute("BEGIN").await?;
        Ok(Self {
            tenant,
            connection: Some(connection),
            _permit: permit,
        })
    }

    pub(super) async fn begin_snapshot(tenant: Tenant) -> Result<Self, StoreError> {
        let (connection, permit) = tenant.pool.take().await?;
        connection
            .client
            .batch_execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '2h'; \
                 SET LOCAL idle_in_transaction_session_timeout = '2h'",
            )
            .await?;
        Ok(Self {
            tenant,
            connection: Some(connection),
            _permit: permit,
        })
    }

    pub(crate) fn connection(&self) -> Result<&Cached, StoreError> {
        self.connection
            .as_ref()
            .ok_or_else(|| StoreError::unexpected("a transaction was used after its end"))
    }

    /// Appends an entry now, before the commit: for acts whose statements need it to be there.
    ///
    /// # Errors
    /// What the database refused.
    pub async fn append(&self, entry: &NewEntry) -> Result<Timestamp, StoreError> {
        let connection = self.connection()?;
        let text = format!(
            "SELECT {}._append($1, $2, $3, $4, $5, $6, $7)",
            self.tenant.schema()
        );
        let statement = connection.prepare(&text).await?;
        let (c_header, c_before, c_after) = (&entry.c_header[..], &entry.c_before[..], &entry.c_after[..]);
        let values: [&(dyn ToSql + Sync); 7] = [
            &entry.id.0,
            &entry.kind,
            &entry.key_version,
            &entry.header,
            &c_header,
            &c_before,
            &c_after,
        ];
        Ok(connection
            .client
            .query_one(&statement, &values)
            .await?
            .try_get(0)?)
    }

    /// Appends the entry and commits.
    ///
    /// # Errors
    /// What the database refused; nothing is written then. After [`StoreError::Unavailable`] the outcome is unknown.
    pub async fn commit(self, entry: &NewEntry) -> Result<Timestamp, StoreError> {
        let at = self.append(entry).await?;
        self.finish("COMMIT").await?;
        Ok(at)
    }

    /// Commits entries that [`TenantTx::append`] or [`super::record`] added already. The database refuses changes
    /// without one.
    ///
    /// # Errors
    /// As [`TenantTx::commit`].
    pub async fn commit_appended(self) -> Result<(), StoreError> {
        self.finish("COMMIT").await
    }

    /// Ends a transaction that changed nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection is lost.
    pub async fn close(self) -> Result<(), StoreError> {
        self.finish("ROLLBACK").await
    }

    async fn finish(mut self, statement: &str) -> Result<(), StoreError> {
        let connection = self
            .connection
            .take()
            .ok_or_else(|| StoreError::unexpected("ended twice"))?;
        connection.client.batch_execute(statement).await?;
        self.tenant.pool.give_back(connection);
        Ok(())
    }

    /// Forgets prepared statements of every connection of this organization; call after a redefinition.
    pub(crate) async fn forget_statements(&self) -> Result<(), StoreError> {
        self.connection()?.forget_statements();
        self.tenant.pool.forget_statements().await;
        Ok(())
    }
}
