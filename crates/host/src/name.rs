//! Names of hosts, resolved as every program of the machine does (files, DNS), but with a deadline.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;

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
