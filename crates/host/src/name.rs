//! Names of hosts, resolved as every program of the machine does (files, DNS), but with a deadline.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::write::{self, WriteError};

/// What became of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The addresses; at least one.
    Found(Vec<IpAddr>),
    /// There is no such name, or nobody answers; in the resolver's words.
    NotFound(String),
    /// The resolver did not end in time.
    TookTooLong,
}

/// Looks a name up. Blocks for at most `deadline`; the resolver itself cannot be stopped, so its thread may
/// live on.
#[must_use]
pub fn resolve(name: &str, deadline: Duration) -> Resolution {
    let (sender, receiver) = mpsc::channel();
    let asked = (name.to_owned(), 0);
    thread::spawn(move || sender.send(asked.to_socket_addrs().map(Vec::from_iter)).ok());
    match receiver.recv_timeout(deadline) {
        Ok(Ok(found)) if !found.is_empty() => {
            let mut addresses: Vec<IpAddr> = found.into_iter().map(|address| address.ip()).collect();
            addresses.dedup();
            Resolution::Found(addresses)
        }
        Ok(Ok(_)) => Resolution::NotFound("it has no address".to_owned()),
        Ok(Err(error)) => Resolution::NotFound(error.to_string()),
        Err(_) => Resolution::TookTooLong,
    }
}

/// Where the machine says which servers it asks.
pub const RESOLVERS: &str = "/etc/resolv.conf";
/// Most of them that count (MAXNS in resolv.conf(5)).
const RESOLVERS_MAX: usize = 3;
/// RFC 1035 section 4.2.
const RESOLVER_PORT: u16 = 53;

/// The DNS servers that this machine asks, in their order; the machine's own where none is named (resolv.conf(5)).
///
/// # Errors
/// [`WriteError`] when the file cannot be read.
pub fn servers(path: &Path) -> Result<Vec<SocketAddr>, WriteError> {
    let text = write::read(path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let address = words
            .next()
            .filter(|word| *word == "nameserver")
            .and(words.next())?;
        Some(SocketAddr::new(address.parse().ok()?, RESOLVER_PORT))
    });
    let mut named: Vec<SocketAddr> = named.take(RESOLVERS_MAX).collect();
    if named.is_empty() {
        named.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), RESOLVER_PORT));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_servers_of_the_machine_count_and_its_own_where_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resolv.conf");
        let found = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let found = servers(&path).unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let text = "# ours\nsearch example.com\nnameserver 10.0.0.53\n nameserver\tfd00::53 x\n;nameserver 10.0.0.1\n\
            nameserver nonsense\nnameserver\nnameserver 10.0.0.54\nnameserver 10.0.0.55\n";
        assert_eq!(found(text), ["10.0.0.53:53", "[fd00::53]:53", "10.0.0.54:53"]);
        assert_eq!(found("options edns0\n"), ["127.0.0.1:53"]);
        assert_eq!(servers(&folder.path().join("none")).unwrap().len(), 1);
    }

    #[test]
    fn localhost_resolves_and_a_name_that_cannot_be_does_not() {
        let deadline = Duration::from_secs(30);
        let Resolution::Found(addresses) = resolve("localhost", deadline) else {
            panic!("localhost does not resolve");
        };
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        // RFC 6761 section 6.4: no resolver knows a name below invalid.
        assert!(!matches!(
            resolve("strongroom.invalid", deadline),
            Resolution::Found(_)
        ));
        assert_eq!(
            resolve("strongroom.invalid", Duration::ZERO),
            Resolution::TookTooLong
        );
    }
}
