//! Ports of this machine that somebody listens on, from `/proc/net`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// `TCP_LISTEN` of the kernel's `enum` of states.
const LISTEN: &str = "0A";

/// The TCP ports that somebody in this network namespace listens on, on any address.
///
/// # Errors
/// As the kernel answers.
pub fn listening() -> io::Result<BTreeSet<u16>> {
    let mut ports = parse(&fs::read_to_string("/proc/net/tcp")?);
    // Not there where IPv6 is switched off.
    if let Ok(text) = fs::read_to_string("/proc/net/tcp6") {
        ports.extend(parse(&text));
    }
    Ok(ports)
}

/// Whether we could listen on the address now, and why not.
///
/// # Errors
/// `AddrInUse`, `AddrNotAvailable`, `PermissionDenied` and the like.
pub fn try_listening(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

/// `sl local_address rem_address st ...`, addresses in hexadecimal (proc_net_tcp(5)).
fn parse(text: &str) -> BTreeSet<u16> {
    let port = |line: &str| {
        let mut columns = line.split_whitespace().skip(1);
        let (_, port) = columns.next()?.rsplit_once(':')?;
        let state = columns.nth(1)?;
        u16::from_str_radix(port, 16).ok().filter(|_| state == LISTEN)
    };
    text.lines().skip(1).filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_listens_on_is_seen_and_cannot_be_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(listening().unwrap().contains(&address.port()));
        let error = try_listening(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn connections_are_no_listeners() {
        let text = "  sl  local_address rem_address   st\n   0: 0100007F:1538 00000000:0000 0A\n   1: 0100007F:0050 0100007F:9C40 01\n";
        assert_eq!(parse(text), BTreeSet::from([0x1538]));
    }
}
