//! The ports of the demo: the usual ones, or the next that are free.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// Where the console and the API are, if nothing else is there.
pub(super) const HTTPS: u16 = 8443;
/// Where plain HTTP is redirected, if nothing else is there.
pub(super) const HTTP: u16 = 8080;

/// So many ports are tried.
const TRIES: u16 = 50;

/// The first free port of the loopback from `wanted` on; says so when it is another.
pub(super) fn free(wanted: u16, purpose: &str) -> Result<u16> {
    let port = (wanted..wanted + TRIES)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .with_context(|| format!("none of the ports {wanted} to {} is free", wanted + TRIES - 1))?;
    if port != wanted {
        eprintln!("NOTE: port {wanted} is taken; {purpose} is on port {port}");
    }
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken_port = taken.local_addr().unwrap().port().min(u16::MAX - TRIES);
        let found = free(taken_port, "a test").unwrap();
        assert!(
            found > taken_port || taken.local_addr().unwrap().port() != taken_port,
            "{found}"
        );
    }
}
