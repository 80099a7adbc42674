//! How to reach the cluster, and how a login is made. Passwords are kept out of `Debug` and of connection strings.

use crate::StoreError;
use std::{path::PathBuf, time::Duration};
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

pub use tokio_postgres::Client;

/// Where the database is: a unix socket's folder, its port and the database's name.
#[derive(Debug, Clone)]
pub struct Address {
    /// The folder of the unix socket.
    pub socket_folder: PathBuf,
    /// The port that names the socket.
    pub port: u16,
    /// The database.
    pub database: String,
}

/// A login role with its password.
#[derive(Clone)]
pub struct Login {
    /// The role.
    pub role: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Longest wait for a new connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Opens a connection; a task of its own drives it until the client is dropped.
///
/// # Errors
/// [`StoreError::Unavailable`] when the cluster cannot be reached within five seconds.
pub async fn connect(address: &Address, login: &Login) -> Result<Client, StoreError> {
    Ok(connect_driven(address, login).await?.0)
}

/// The same with the task that drives the connection: it has finished when the connection is lost.
pub(crate) async fn connect_driven(
    address: &Address,
    login: &Login,
) -> Result<(Client, JoinHandle<()>), StoreError> {
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(&address.socket_folder)
        .port(address.port)
        .dbname(&address.database)
        .user(&login.role)
        .password(&login.password)
        .application_name("strongroom")
        // Whatever the database or the role begins with: entries are taken at no other level.
        .options(r"-c default_transaction_isolation=read\ committed");
    let attempt = tokio::time::timeout(CONNECT_DEADLINE, config.connect(NoTls));
    let (client, connection) = attempt.await.map_err(|_| StoreError::Timeout)??;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "a database connection ended");
        }
    });
    Ok((client, driver))
}

/// The SCRAM-SHA-256 verifier of a password (RFC 7677), so that the password itself is never in a statement.
#[must_use]
pub fn scram_verifier(password: &str) -> String {
    postgres_protocol::password::scram_sha_256(password.as_bytes())
}
