//! Where a provider's hosts are: told by whoever made the client at each connection, or by the system's resolver.
//!
//! Invariant: who was told an address dials it and no other; certificates are checked against the name all the same.

use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};
use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Most addresses of a host that are dialled; the client takes no more.
const ADDRESSES_MAX: usize = 16;

/// The addresses of a host and port; none where the system's resolver is to be asked; or why they must not be dialled.
pub type Tell = dyn Fn(&str, u16) -> Result<Option<Vec<SocketAddr>>, String> + Send + Sync;

/// A way to find hosts.
#[derive(Clone)]
pub struct Reach(Arc<Tell>);

impl Reach {
    /// By what somebody tells, asked at each connection.
    #[must_use]
    pub fn told(tell: Arc<Tell>) -> Self {
        Self(tell)
    }

    /// By the system's resolver.
    #[must_use]
    pub fn by_resolver() -> Self {
        Self(Arc::new(|_, _| Ok(None)))
    }

    /// The addresses of `HOST:PORT`, for people. Blocks.
    pub(crate) fn look_up(&self, place: &str) -> Result<Vec<SocketAddr>, String> {
        let (host, port) = place.rsplit_once(':').unwrap_or((place, "443"));
        let told = (self.0)(host, port.parse().unwrap_or(443))?;
        told.map_or_else(
            || {
                let found = place.to_socket_addrs().map_err(|error| {
                    format!(
                        "{place} has no address ({error}); look at the name and at this machine's resolver"
                    )
                })?;
                Ok(found.collect())
            },
            Ok,
        )
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reach")
    }
}

impl Resolver for Reach {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let closed = |why| ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, why));
        let Some(told) = (self.0)(host, uri.port_u16().unwrap_or(443)).map_err(closed)? else {
            return DefaultResolver::default().resolve(uri, config, timeout);
        };
        let mut found = self.empty();
        for address in told.into_iter().take(ADDRESSES_MAX) {
            found.push(address);
        }
        match found.is_empty() {
            true => Err(ureq::Error::HostNotFound),
            false => Ok(found),
        }
    }
}
