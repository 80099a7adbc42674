//! Sockets that take connections or datagrams from anywhere but this machine itself, from `/proc/net`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{getsockopt, sockopt};
use serde::{Deserialize, Serialize};

use crate::account;

/// States of the kernel's sockets (include/net/tcp_states.h): listening; a datagram socket without a peer.
const TCP_LISTEN: &str = "0A";
const UDP_OPEN: &str = "07";

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// How.
    pub protocol: Protocol,
    /// On which address; `0.0.0.0` and `::` are all of them.
    pub address: IpAddr,
    /// On which port.
    pub port: u16,
    /// Whose it is: the name of a user, or the number of one without a name.
    pub user: String,
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl Listener {
    /// Whether only this machine itself reaches it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// The user who listens on a unix socket, a process of this machine, by the kernel's word (SO_PEERCRED, unix(7)).
///
/// # Errors
/// As the kernel answers: nobody listens, or this process may not connect.
pub fn of_unix_socket(path: &Path) -> io::Result<String> {
    let stream = UnixStream::connect(path)?;
    let peer = getsockopt(&stream, sockopt::PeerCredentials)?;
    Ok(account::user_name(peer.uid()))
}

/// Everybody who listens in this network namespace, each once, sorted.
///
/// # Errors
/// As the kernel answers.
pub fn listeners() -> io::Result<Vec<Listener>> {
    let mut found = BTreeSet::new();
    for (file, protocol, is_required) in [
        ("/proc/net/tcp", Protocol::Tcp, true),
        ("/proc/net/udp", Protocol::Udp, true),
        // Not there where IPv6 is switched off.
        ("/proc/net/tcp6", Protocol::Tcp, false),
        ("/proc/net/udp6", Protocol::Udp, false),
    ] {
        match fs::read_to_string(file) {
            Ok(text) => found.extend(parse(&text, protocol)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_required => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found.into_iter().collect())
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid ...` (proc_net(5)).
fn parse(text: &str, protocol: Protocol) -> Vec<Listener> {
    let wanted = match protocol {
        Protocol::Tcp => TCP_LISTEN,
        Protocol::Udp => UDP_OPEN,
    };
    let line = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = columns.get(1)?.rsplit_once(':')?;
        if *columns.get(3)? != wanted {
            return None;
        }
        Some(Listener {
            protocol,
            address: address_of(address)?,
            port: u16::from_str_radix(port, 16).ok()?,
            user: account::user_name(columns.get(7)?.parse().ok()?),
        })
    };
    text.lines().skip(1).filter_map(line).collect()
}

/// Words of four bytes in the machine's own order, each in hexadecimal.
fn address_of(text: &str) -> Option<IpAddr> {
    if !text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::with_capacity(16);
    for word in text.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(four).into());
    }
    let sixteen = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
    Some(Ipv6Addr::from(sixteen).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, TcpListener, UdpSocket};

    #[test]
    fn our_own_listeners_are_seen_with_their_user() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let me = account::user_name(nix::unistd::Uid::effective().as_raw());
        let seen = listeners().unwrap();
        for (protocol, address) in [
            (Protocol::Tcp, tcp.local_addr().unwrap()),
            (Protocol::Udp, udp.local_addr().unwrap()),
        ] {
            let SocketAddr::V4(v4) = address else {
                unreachable!()
            };
            let wanted = Listener {
                protocol,
                address: (*v4.ip()).into(),
                port: v4.port(),
                user: me.clone(),
            };
            assert!(seen.contains(&wanted) && wanted.is_local(), "{seen:?}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_is_read_and_connections_are_left_out() {
        let text = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
                    \x20  0: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 1\n\
                    \x20  1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 1\n\
                    \x20  2: 00000000000000000000000000000000:0051 00000000000000000000000000000000:9C40 01 00000000:00000000 00:00000000 00000000     0 0 1\n";
        let seen = parse(text, Protocol::Tcp);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!((seen[0].port, seen[0].is_local()), (0x1538, false));
        assert_eq!(seen[0].address, IpAddr::from(Ipv6Addr::UNSPECIFIED));
        // A mapped loopback address is one.
        assert_eq!((seen[1].port, seen[1].is_local()), (0x50, true));
    }

    #[test]
    fn the_kernel_says_who_listens_on_a_unix_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert!(of_unix_socket(&path).is_err());
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let me = account::user_name(nix::unistd::Uid::effective().as_raw());
        assert_eq!(of_unix_socket(&path).unwrap(), me);
    }

    #[test]
    fn lines_that_are_none_are_left_out() {
        for text in [
            "",
            "heading\n",
            "heading\n0: xyz\n",
            "heading\n0: é0000000:0050 x 0A 0 0 0 0\n",
        ] {
            assert!(parse(text, Protocol::Tcp).is_empty(), "{text:?}");
        }
    }
}
