//! Ports for servers of tests.
//!
//! Invariants: a port given here is given to no other test while this process lives, and lies below those that the system gives to
//! whoever asks for any (`net.ipv4.ip_local_port_range`): a server that is stopped and started again finds its own free.

use std::fs::{self, File};
use std::net::{IpAddr, TcpListener};
use std::ops::Range;
use std::sync::Mutex;

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

use crate::state::state_folder;

/// The system's own begin at 32768.
const PORTS: Range<u16> = 20_000..32_000;

/// The locks of the ports that this process has.
static OWN: Mutex<Vec<Flock<File>>> = Mutex::new(Vec::new());

/// Whether anybody in this network namespace listens at a port over IPv4 (proc_net(5)).
#[must_use]
pub fn is_listened_at(port: u16) -> bool {
    const LISTENS: &str = "0A";
    let place = format!(":{port:04X}");
    let is_it = |line: &str| {
        let mut parts = line.split_whitespace().skip(1);
        parts.next().is_some_and(|local| local.ends_with(&place)) && parts.nth(1) == Some(LISTENS)
    };
    fs::read_to_string("/proc/net/tcp").is_ok_and(|table| table.lines().any(is_it))
}

/// A port of this address that nobody listens at, for as long as this process lives.
///
/// # Errors
/// When all of them are taken, or their locks cannot be written.
pub fn free(address: impl Into<IpAddr>) -> Result<u16> {
    let (address, folder) = (address.into(), state_folder()?.join("ports"));
    fs::create_dir_all(&folder)?;
    // Processes that begin at places of their own seldom meet.
    let begin = usize::try_from(std::process::id())?.wrapping_mul(61) % PORTS.len();
    for port in PORTS.skip(begin).chain(PORTS.take(begin)) {
        let file = File::create(folder.join(port.to_string()))?;
        let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else {
            continue;
        };
        if TcpListener::bind((address, port)).is_ok() {
            OWN.lock()
                .map_err(|_| anyhow::anyhow!("another thread failed while it took a port"))?
                .push(lock);
            return Ok(port);
        }
    }
    None.with_context(|| {
        format!(
            "no port of {address} from {} to {} is free",
            PORTS.start, PORTS.end
        )
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_port_is_given_once_and_seen_when_it_is_listened_at() {
        let (one, other) = (
            free(Ipv4Addr::LOCALHOST).unwrap(),
            free(Ipv4Addr::LOCALHOST).unwrap(),
        );
        assert_ne!(one, other);
        assert!(PORTS.contains(&one) && !is_listened_at(one));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, one)).unwrap();
        assert!(is_listened_at(one) && !is_listened_at(other));
        drop(listener);
        assert!(!is_listened_at(one));
    }
}
