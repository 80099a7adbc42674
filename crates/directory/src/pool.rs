//! The servers of directories: asked in their order; one that failed is left alone for a minute, then asked first again.
//!
//! Invariant: only a failure of the server leads to the next one. What the account or the settings cause would be the same
//! there, and would count twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vault::SecretText;

use crate::{
    connection::Connection,
    failure::Failure,
    settings::{SERVERS_MAX, Security, Server, Settings},
};

/// How long a server that failed is left alone.
pub const REST: Duration = Duration::from_secs(60);
/// Servers that are remembered at most.
const REMEMBERED_MAX: usize = 1_000;

/// What is remembered of servers.
#[derive(Debug, Default)]
pub struct Pool {
    resting: Mutex<BTreeMap<String, (Instant, Failure)>>,
}

impl Pool {
    /// Nothing is remembered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A connection with the service account's identity, to the first server that works, and which one it is.
    pub(crate) async fn connect(
        &self,
        settings: &Settings,
        secret: &SecretText,
    ) -> Result<(Connection, Server), Failure> {
        settings.check()?;
        let mut last = None;
        let mut asked = 0;
        for server in &settings.servers {
            if let Some(failure) = self.is_resting(settings.security, server) {
                last = Some(failure);
                continue;
            }
            // Those that are left are asked next time, when these rest.
            if asked == SERVERS_MAX {
                break;
            }
            asked += 1;
            match open(settings, server, secret).await {
                Ok(connection) => {
                    self.forget(settings.security, server);
                    return Ok((connection, server.clone()));
                }
                Err(failure) if failure.is_of_the_server() => {
                    self.rest(settings.security, server, &failure);
                    last = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        let last = last.unwrap_or_else(|| Failure::Settings("no server is named".into()));
        Err(if asked > 0 {
            last
        } else {
            Failure::Resting { last: Box::new(last) }
        })
    }

    fn is_resting(&self, security: Security, server: &Server) -> Option<Failure> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, failure) = resting.get(&label(security, server))?;
        (since.elapsed() < REST).then(|| failure.clone())
    }

    /// Remembers that a server failed.
    pub(crate) fn rest(&self, security: Security, server: &Server, failure: &Failure) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, (since, _)| since.elapsed() < REST);
        if resting.len() < REMEMBERED_MAX {
            resting.insert(label(security, server), (Instant::now(), failure.clone()));
        }
    }

    fn forget(&self, security: Security, server: &Server) {
        self.resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&label(security, server));
    }
}

fn label(security: Security, server: &Server) -> String {
    format!("{security:?} {server}")
}

async fn open(settings: &Settings, server: &Server, secret: &SecretText) -> Result<Connection, Failure> {
    let mut connection = Connection::open(settings, server, &mut Vec::new()).await?;
    connection.bind_service(settings, secret).await?;
    Ok(connection)
}
