//! The control schema: who and where, never an organization's records.
//!
//! Invariant: what decides about access or settings changes only through a [`ControlTx`], which commits only together
//! with an audit entry; house-keeping (last seen, progress, attempts, observations) goes through [`ControlKeep`], whose
//! functions touch nothing else. Start at [`Control::open`]; then one file per noun.

pub mod access_event;
pub mod access_log;
pub mod account;
pub mod api_token;
pub mod archiver;
pub mod audit_log;
pub mod break_glass;
mod column;
pub mod deletion;
pub mod directory;
pub mod entry_log;
mod error;
pub mod evidence;
pub mod factor;
pub mod factor_evidence;
pub mod figures;
pub mod forwarding;
pub mod function;
pub mod idempotency;
pub mod identity;
pub mod invitation;
pub mod job;
pub mod key_challenge;
pub mod legal_hold;
pub mod lifecycle;
pub mod log_review;
pub mod maintenance;
pub mod membership;
pub mod openid;
pub mod operator_grant;
pub mod organization;
pub mod organization_key;
pub mod password_reset;
pub mod pending_sign_in;
mod pool;
pub mod promise_observation;
pub mod recovery_code;
pub mod revival;
mod schema;
pub mod sent_code;
pub mod session;
pub mod setting;
pub mod sign_in_policy;
mod transaction;
pub mod trigger;
pub mod way;
pub mod withdrawal;

pub use transaction::{ControlKeep, ControlRead, ControlTx, Keeps, Reads};

use crate::{Address, Login, StoreError};
use pool::Pool;
use std::sync::Arc;

/// The pooled connections of `strongroom_app`. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pool: Arc<Pool>,
}

impl Control {
    /// A pool of at most `connections_max` connections; opens the first, to see that it can.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the cluster cannot be reached.
    pub async fn open(address: Address, login: Login, connections_max: usize) -> Result<Self, StoreError> {
        let pool = Arc::new(Pool::new(address, login, connections_max));
        drop(pool.take().await?);
        Ok(Self { pool })
    }

    /// A connection for reading; each statement sees what is committed when it starts.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the cluster cannot be reached, [`StoreError::Timeout`] when no connection comes
    /// free.
    pub async fn read(&self) -> Result<ControlRead, StoreError> {
        Ok(ControlRead::new(self.pool.take().await?))
    }

    /// A connection for house-keeping that needs no audit entry; each statement is its own transaction.
    ///
    /// # Errors
    /// As [`Control::read`].
    pub async fn keep(&self) -> Result<ControlKeep, StoreError> {
        Ok(ControlKeep::new(self.pool.take().await?))
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// As [`Control::read`].
    pub async fn begin(&self) -> Result<ControlTx, StoreError> {
        ControlTx::begin(self.pool.take().await?).await
    }
}
