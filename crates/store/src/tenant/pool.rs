//! Connections per organization under one bound for all: the organization that was idle longest gives way first.

use super::{Tenant, statement::Cached};
use crate::{
    StoreError,
    connect::{Address, Login, connect},
    identifier::Identifier,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, RwLock, Semaphore};
use types::{OrganizationId, SchemaName};

/// Shared connections for reading, per organization: as many as there are processors, within these bounds.
const READERS: (usize, usize) = (2, 8);
/// Shared connections for single-statement writes, per organization; several, so that commits group.
const WRITERS: usize = 8;
/// Connections of their own for transactions, per organization.
const TRANSACTIONS_MAX: usize = 8;
/// Longest wait for one of them.
const TRANSACTION_WAIT: Duration = Duration::from_secs(10);

/// An organization's login role.
#[derive(Debug, Clone)]
pub struct TenantLogin {
    /// Whose.
    pub organization: OrganizationId,
    /// Schema and role alike.
    pub schema: SchemaName,
    /// The role's password.
    pub password: zeroize::Zeroizing<String>,
}

/// Every organization's connections.
pub struct Tenants {
    address: Address,
    organizations_max: usize,
    pools: Mutex<HashMap<OrganizationId, (Arc<Pool>, u64)>>,
    clock: AtomicU64,
}

/// One organization's connections.
pub(super) struct Pool {
    pub(super) login: TenantLogin,
    pub(super) schema: Identifier,
    address: Address,
    readers: Slots,
    writers: Slots,
    idle: Mutex<Vec<Cached>>,
    transactions: Arc<Semaphore>,
}

/// Shared connections, opened when first needed and again when lost.
struct Slots(Vec<RwLock<Option<Arc<Cached>>>>);

impl Tenants {
    /// Pools for at most `connections_max` connections.
    #[must_use]
    pub fn new(address: Address, connections_max: usize) -> Self {
        let each = readers() + WRITERS + TRANSACTIONS_MAX;
        let organizations_max = (connections_max / each).max(1);
        Self {
            address,
            organizations_max,
            pools: Mutex::default(),
            clock: AtomicU64::new(0),
        }
    }

    /// The organization's connections, when they are known already.
    #[must_use]
    pub fn known(&self, organization: OrganizationId) -> Option<Tenant> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let (pool, used) = pools.get_mut(&organization)?;
        *used = self.clock.fetch_add(1, Ordering::Relaxed);
        Some(Tenant {
            pool: Arc::clone(pool),
        })
    }

    /// The organization's connections. None is opened before it is needed.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the schema's name is not a generated one.
    pub fn tenant(&self, login: TenantLogin) -> Result<Tenant, StoreError> {
        let organization = login.organization;
        let schema = Identifier::new(login.schema.as_str());
        let schema = schema.ok_or_else(|| StoreError::unexpected("not a generated schema name"))?;
        let fresh = Arc::new(Pool::new(login, schema, self.address.clone()));
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if !pools.contains_key(&organization) && pools.len() >= self.organizations_max {
            let oldest = pools.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            oldest.map(|id| pools.remove(&id));
        }
        let (pool, used) = pools.entry(organization).or_insert((fresh, now));
        *used = now;
        Ok(Tenant {
            pool: Arc::clone(pool),
        })
    }

    /// Closes an organization's connections as their users finish.
    pub fn forget(&self, organization: OrganizationId) {
        self.pools
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&organization);
    }
}

impl Pool {
    fn new(login: TenantLogin, schema: Identifier, address: Address) -> Self {
        Self {
            login,
            schema,
            address,
            readers: Slots::new(readers()),
            writers: Slots::new(WRITERS),
            idle: Mutex::default(),
            transactions: Arc::new(Semaphore::new(TRANSACTIONS_MAX)),
        }
    }

    async fn open(&self) -> Result<Cached, StoreError> {
        let role = self.login.schema.as_str().to_owned();
        let login = Login {
            role,
            password: self.login.password.to_string(),
        };
        Ok(Cached::new(connect(&self.address, &login).await?))
    }

    /// The connection of the calling thread: the task that drives it was spawned there, so that neither the question nor
    /// the answer has to wake another thread.
    pub(super) async fn reader(&self) -> Result<Arc<Cached>, StoreError> {
        self.readers.get(self, lane()).await
    }

    /// The connection with the least under way: what is written at once goes out on several, whose commits group.
    pub(super) async fn writer(&self) -> Result<Arc<Cached>, StoreError> {
        self.writers.get(self, self.writers.quietest()).await
    }

    /// A connection for one transaction, with the permit that bounds their number.
    pub(super) async fn take(&self) -> Result<(Cached, OwnedSemaphorePermit), StoreError> {
        let wait = tokio::time::timeout(TRANSACTION_WAIT, Arc::clone(&self.transactions).acquire_owned());
        let permit = wait.await.map_err(|_| StoreError::Timeout)?;
        let permit = permit.map_err(|closed| StoreError::Unavailable(Box::new(closed)))?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) if !connection.client.is_closed() => Ok((connection, permit)),
            _ => Ok((self.open().await?, permit)),
        }
    }

    /// Takes back a connection whose transaction has ended for sure.
    pub(super) fn give_back(&self, connection: Cached) {
        if !connection.client.is_closed() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }

    /// Prepared statements know column types; after a redefinition they are made anew.
    pub(super) async fn forget_statements(&self) {
        self.readers.forget_statements().await;
        self.writers.forget_statements().await;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .for_each(Cached::forget_statements);
    }
}

fn readers() -> usize {
    let (least, most) = READERS;
    std::thread::available_parallelism().map_or(least, |found| found.get().clamp(least, most))
}

/// The calling thread's number, in the order in which threads first asked.
fn lane() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static LANE: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    LANE.with(|lane| *lane)
}

impl Slots {
    fn new(number: usize) -> Self {
        Self((0..number).map(|_| RwLock::new(None)).collect())
    }

    /// Which has the least under way; of equals the first, whose process in the database worked last and is warm. Two that ask in the same
    /// moment may get the same.
    fn quietest(&self) -> usize {
        let under_way = |place: &usize| match self.0[*place].try_read() {
            // One is the slot's own.
            Ok(slot) => slot.as_ref().map_or(0, |found| Arc::strong_count(found) - 1),
            // It is being opened for somebody.
            Err(_) => 1,
        };
        (0..self.0.len()).min_by_key(under_way).unwrap_or(0)
    }

    /// The connection of a turn, opened when there is none or it is lost.
    async fn get(&self, pool: &Pool, turn: usize) -> Result<Arc<Cached>, StoreError> {
        let slot = &self.0[turn % self.0.len()];
        if let Some(connection) = slot
            .read()
            .await
            .as_ref()
            .filter(|connection| !connection.client.is_closed())
        {
            return Ok(Arc::clone(connection));
        }
        let mut slot = slot.write().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.client.is_closed()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(pool.open().await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    async fn forget_statements(&self) {
        for slot in &self.0 {
            if let Some(connection) = slot.read().await.as_ref() {
                connection.forget_statements();
            }
        }
    }
}
