//! A place on another machine that the daemons may connect to: one host and one TCP port.
//!
//! Invariant: a [`Target`] means one host, or the hosts of one domain that DNS lists under a service's name. A network, a
//! pattern, an address of many and a number that some resolvers take for an address are none.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use types::ServiceName;

/// Longest name in the text form (RFC 1035 section 2.3.4, without the dot of the root).
const NAME_BYTES_MAX: usize = 253;
/// Longest part of a name.
const LABEL_BYTES_MAX: usize = 63;
/// The protocols that the platform speaks to others, with the ports that IANA gave them.
const PORTS: [(&str, u16); 5] = [
    ("ldap", 389),
    ("ldaps", 636),
    ("https", 443),
    ("smtp", 25),
    ("smtps", 465),
];

/// One host and one TCP port, or a service. Shown as `HOST:PORT`, or as the service's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// Who.
    pub host: TargetHost,
    /// The TCP port; 0 for a service, whose records name the ports, and never else.
    pub port: u16,
}

/// A machine by its address or by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TargetHost {
    /// The address of one machine; IPv4 is never written as IPv6.
    Address(IpAddr),
    /// A host name in lower case (RFC 1123 section 2.1); who it means is looked up by root and kept.
    Name(String),
    /// A service; its hosts and ports are looked up by root and kept.
    Service(ServiceName),
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// A scheme that the platform does not speak.
    #[error("{text:?} begins with no protocol that the platform speaks (ldap, ldaps, https, smtp, smtps)")]
    Scheme {
        /// The text as it came.
        text: String,
    },
    /// No port, and no protocol that has one.
    #[error("{text:?} names no port")]
    Port {
        /// The text as it came.
        text: String,
    },
    /// A user, a path, a pattern, a network, or nothing.
    #[error("{text:?} is no host with a port")]
    Host {
        /// The text as it came.
        text: String,
    },
    /// A service that no directory has, or a service with a port.
    #[error("{text:?} is no service of directories (_ldap._tcp.DOMAIN, _ldaps._tcp.DOMAIN, without a port)")]
    Service {
        /// The text as it came.
        text: String,
    },
    /// It would open many machines.
    #[error("{text:?} is no address of a single machine")]
    Many {
        /// The text as it came.
        text: String,
    },
}

impl Target {
    /// The target with this host and port, as somebody who wants to connect names them: `dc1.example.com`, `10.0.0.5`,
    /// `fd00::1`, with or without brackets.
    ///
    /// # Errors
    /// [`InvalidTarget`].
    pub fn new(host: &str, port: u16) -> Result<Self, InvalidTarget> {
        if port == 0 {
            let text = format!("{host}:0");
            return Err(InvalidTarget::Port { text });
        }
        Ok(Self {
            host: parse_host(host, host)?,
            port,
        })
    }
}

impl From<ServiceName> for Target {
    fn from(service: ServiceName) -> Self {
        let host = TargetHost::Service(service);
        Self { host, port: 0 }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let owned = || without_user(text);
        if ServiceName::is_meant(text) {
            let service: Result<ServiceName, _> = text.parse();
            return service
                .map(Self::from)
                .map_err(|_| InvalidTarget::Service { text: owned() });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, text),
        };
        let default = match scheme {
            None => None,
            Some(scheme) => {
                let known = PORTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
                Some(known.ok_or_else(|| InvalidTarget::Scheme { text: owned() })?.1)
            }
        };
        let (host, port) = split_port(rest);
        let port = match port {
            Some(digits) => parse_port(digits),
            None => default,
        };
        Ok(Self {
            host: parse_host(host, text)?,
            port: port.ok_or_else(|| InvalidTarget::Port { text: owned() })?,
        })
    }
}

/// What stands before and after the colon of the port. An address of IPv6 has a port only in brackets.
fn split_port(text: &str) -> (&str, Option<&str>) {
    let after_brackets = text.rfind(']').map_or(0, |at| at + 1);
    match text[after_brackets..].split_once(':') {
        Some((_, port)) if !port.contains(':') => (&text[..text.len() - port.len() - 1], Some(port)),
        _ => (text, None),
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    // Rust takes a sign as well.
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port != 0)
}

fn parse_host(host: &str, text: &str) -> Result<TargetHost, InvalidTarget> {
    let owned = || without_user(text);
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        let address = address.to_canonical();
        return match is_many(address) {
            true => Err(InvalidTarget::Many { text: owned() }),
            false => Ok(TargetHost::Address(address)),
        };
    }
    match is_name(host) {
        true => Ok(TargetHost::Name(host.to_ascii_lowercase())),
        false => Err(InvalidTarget::Host { text: owned() }),
    }
}

/// What stands before an `@` may be a password, which is not repeated.
fn without_user(text: &str) -> String {
    text.rsplit_once('@')
        .map_or_else(|| text.to_owned(), |(_, host)| format!("...@{host}"))
}

fn is_many(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    address.is_unspecified() || address.is_multicast() || is_broadcast
}

fn is_name(host: &str) -> bool {
    // Resolvers take `10.1` and `0x7f.1` for addresses (inet_aton(3)); no last part of a name begins with a digit.
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= NAME_BYTES_MAX
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
        && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && label.bytes().all(letter)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            TargetHost::Address(address @ IpAddr::V6(_)) => write!(f, "[{address}]:{}", self.port),
            TargetHost::Service(name) => write!(f, "{name}"),
            host @ (TargetHost::Address(_) | TargetHost::Name(_)) => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Display for TargetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetHost::Address(address) => write!(f, "{address}"),
            TargetHost::Name(name) => f.write_str(name),
            TargetHost::Service(name) => write!(f, "{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Target>().unwrap().to_string()
    }

    #[test]
    fn a_target_is_a_host_with_a_port_or_a_protocol_that_has_one() {
        for (text, target) in [
            ("ldaps://dc1.example.com:636", "dc1.example.com:636"),
            ("ldaps://DC1.example.com", "dc1.example.com:636"),
            ("ldap://dc1", "dc1:389"),
            ("https://login.example.com", "login.example.com:443"),
            ("10.0.0.5:587", "10.0.0.5:587"),
            ("smtps://[fd00::1]", "[fd00::1]:465"),
            ("[fd00::1]:25", "[fd00::1]:25"),
            ("[::ffff:10.0.0.5]:25", "10.0.0.5:25"),
            ("xn--bcher-kva.example:443", "xn--bcher-kva.example:443"),
            (
                "_LDAP._tcp.dc._msdcs.Example.com",
                "_ldap._tcp.dc._msdcs.example.com",
            ),
        ] {
            assert_eq!(shown(text), target);
            assert_eq!(shown(target), target);
        }
        assert_eq!(
            Target::new("fd00::1", 25).unwrap(),
            "[fd00::1]:25".parse().unwrap()
        );
        assert_eq!(
            Target::new("[fd00::1]", 25).unwrap(),
            "[fd00::1]:25".parse().unwrap()
        );
        assert!(Target::new("dc1", 0).is_err());
    }

    #[test]
    fn whatever_means_more_than_one_host_is_refused() {
        for text in [
            "",
            ":25",
            "host",
            "host:0",
            "host:+25",
            "host:65536",
            "host:25:25",
            "10.0.0.0/8:25",
            "*.example.com:25",
            "user@host:25",
            "https://user:secret@host",
            "https://host/path",
            "https://host?x",
            "http://host",
            "file:///etc/passwd",
            "0.0.0.0:25",
            "[::]:25",
            "224.0.0.1:25",
            "[ff02::1]:25",
            "255.255.255.255:25",
            "10.1:25",
            "0x7f.1:25",
            "2130706433:25",
            "fd00::1:25",
            "[dc1]:25",
            "-a.example:25",
            "a..example:25",
            "b\u{fc}cher.example:443",
            "host name:25",
            "host:25\n",
            "_ldap._tcp.example.com:389",
            "_http._tcp.example.com",
            "ldap://_ldap._tcp.example.com",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text:?}");
        }
        assert!(
            format!("{}.example:25", "a".repeat(64))
                .parse::<Target>()
                .is_err()
        );
        assert!(
            format!("{}example:25", "a.".repeat(130))
                .parse::<Target>()
                .is_err()
        );
    }
}
