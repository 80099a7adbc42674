//! A bounded pool of diesel connections. A connection that broke, or that was dropped in the middle of a transaction,
//! is closed and not given to anyone else.

use crate::{Address, Login, StoreError, connect::connect_driven};
use diesel_async::AsyncPgConnection;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};

/// Longest wait for a connection to come free.
const WAIT: Duration = Duration::from_secs(10);

pub(super) struct Pool {
    address: Address,
    login: Login,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connected>>,
}

/// A connection and the task that drives it, which ends when the connection is lost.
struct Connected {
    connection: AsyncPgConnection,
    driver: JoinHandle<()>,
}

/// What becomes of a connection when its user is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    GiveBack,
    Close,
}

/// A connection on loan.
pub(super) struct Pooled {
    /// `None` only while it is being given back.
    connected: Option<Connected>,
    pool: Arc<Pool>,
    afterwards: Afterwards,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(address: Address, login: Login, connections_max: usize) -> Self {
        let permits = Arc::new(Semaphore::new(connections_max.max(1)));
        Self {
            address,
            login,
            permits,
            idle: Mutex::default(),
        }
    }

    pub(super) async fn take(self: &Arc<Self>) -> Result<Pooled, StoreError> {
        let wait = tokio::time::timeout(WAIT, Arc::clone(&self.permits).acquire_owned());
        let permit = wait.await.map_err(|_| StoreError::Timeout)?;
        let permit = permit.map_err(|closed| StoreError::Unavailable(Box::new(closed)))?;
        let connected = match self.take_idle() {
            Some(connected) => connected,
            None => self.connect().await?,
        };
        let pool = Arc::clone(self);
        Ok(Pooled {
            connected: Some(connected),
            pool,
            afterwards: Afterwards::GiveBack,
            _permit: permit,
        })
    }

    fn take_idle(&self) -> Option<Connected> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connected| !connected.driver.is_finished());
        idle.pop()
    }

    async fn connect(&self) -> Result<Connected, StoreError> {
        let (client, driver) = connect_driven(&self.address, &self.login).await?;
        let connection = AsyncPgConnection::try_from(client).await;
        let connection = connection.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Connected { connection, driver })
    }
}

impl Pooled {
    pub(super) fn connection(&mut self) -> Result<&mut AsyncPgConnection, StoreError> {
        let connected = self.connected.as_mut();
        let connected =
            connected.ok_or_else(|| StoreError::unexpected("a connection was used after its end"))?;
        Ok(&mut connected.connection)
    }

    /// From here on the connection is inside a transaction: dropping it closes it, and the server rolls back.
    pub(super) fn close_afterwards(&mut self) {
        self.afterwards = Afterwards::Close;
    }

    /// The transaction has ended for sure.
    pub(super) fn give_back_afterwards(&mut self) {
        self.afterwards = Afterwards::GiveBack;
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(connected) = self.connected.take() else {
            return;
        };
        if self.afterwards == Afterwards::GiveBack && !connected.driver.is_finished() {
            self.pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connected);
        }
    }
}
