//! The servers of directories: asked in their order; one that failed is left alone for a minute, then asked first again.
//!
//! Invariants: only a failure of the server leads to the next one. What the account or the settings cause would be the same
//! there, and would count twice. A failure counts for the settings that it was met with: whoever mends them is not kept waiting.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vault::SecretText;

use crate::{
    connection::Connection,
    failure::Failure,
    settings::{SERVERS_MAX, Server, Settings},
};

/// How long a server that failed is left alone.
pub const REST: Duration = Duration::from_secs(60);
/// Servers that are remembered at most.
const REMEMBERED_MAX: usize = 1_000;

/// A server, and a digest of the settings that it was asked with.
type Way = (String, u64);

/// What is remembered of servers.
#[derive(Debug, Default)]
pub struct Pool {
    resting: Mutex<BTreeMap<Way, (Instant, Failure)>>,
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
            if let Some(failure) = self.is_resting(settings, server) {
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
                    self.forget(settings, server);
                    return Ok((connection, server.clone()));
                }
                Err(failure) if failure.is_of_the_server() => {
                    self.rest(settings, server, &failure);
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

    fn is_resting(&self, settings: &Settings, server: &Server) -> Option<Failure> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, failure) = resting.get(&way(settings, server))?;
        (since.elapsed() < REST).then(|| failure.clone())
    }

    /// Remembers that a server failed.
    pub(crate) fn rest(&self, settings: &Settings, server: &Server, failure: &Failure) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, (since, _)| since.elapsed() < REST);
        if resting.len() < REMEMBERED_MAX {
            resting.insert(way(settings, server), (Instant::now(), failure.clone()));
        }
    }

    fn forget(&self, settings: &Settings, server: &Server) {
        self.resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&way(settings, server));
    }
}

/// The digest need not withstand anybody: settings that collide would share a rest of a minute. The other servers are no part of
/// it: those that DNS lists stand in an order of chance.
fn way(settings: &Settings, server: &Server) -> Way {
    let Settings {
        servers: _,
        security,
        authorities,
        client_certificate,
        client_key,
        product,
        service_dn,
        service_proof,
        binding,
        person_bases,
        person_filter,
        group_bases,
        attributes,
    } = settings;
    let mut digest = DefaultHasher::new();
    (server, security, authorities, client_certificate, client_key).hash(&mut digest);
    (product, service_dn, service_proof, binding).hash(&mut digest);
    (person_bases, person_filter, group_bases, attributes).hash(&mut digest);
    (server.to_string(), digest.finish())
}

async fn open(settings: &Settings, server: &Server, secret: &SecretText) -> Result<Connection, Failure> {
    let mut connection = Connection::open(settings, server, &mut Vec::new()).await?;
    connection.bind_service(settings, secret).await?;
    Ok(connection)
}
