//! The name under which DNS lists a domain's directory servers (RFC 2782), such as `_ldap._tcp.example.com`.
//!
//! Invariant: a [`ServiceName`] holds the domain that an administrator typed, and whoever is found under it counts only as a
//! host of that domain: an answer of DNS leads nowhere else.

use std::{fmt, str::FromStr};

/// Longest name in the text form (RFC 1035 section 2.3.4, without the dot of the root).
const NAME_BYTES_MAX: usize = 253;
/// Longest part of a name.
const LABEL_BYTES_MAX: usize = 63;

/// Which of the protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceKind {
    /// `_ldap`: LDAP, and TLS after StartTLS. What Active Directory and FreeIPA publish.
    Ldap,
    /// `_ldaps`: TLS from the first byte.
    Ldaps,
}

impl ServiceKind {
    const ALL: [Self; 2] = [Self::Ldap, Self::Ldaps];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Ldap => "_ldap._tcp.",
            Self::Ldaps => "_ldaps._tcp.",
        }
    }
}

/// A service's name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceName {
    text: String,
    kind: ServiceKind,
    /// Where the domain begins in the text.
    domain_at: usize,
}

/// Why a text is no service's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no service of directories; write _ldap._tcp.DOMAIN or _ldaps._tcp.DOMAIN, without a port")]
pub struct InvalidService;

impl ServiceName {
    /// Would this be a service's name, well formed or not? No host's name begins so (RFC 1123 section 2.1).
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with('_')
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which protocol its hosts speak.
    #[must_use]
    pub const fn kind(&self) -> ServiceKind {
        self.kind
    }

    /// The domain: what follows the last part with an underscore. Of `_ldap._tcp.dc._msdcs.example.com`, which is Active
    /// Directory's, it is `example.com`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.domain_at..]
    }

    /// Is this host the domain or below it? In lower case, without the dot of the root.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let above = host.strip_suffix(self.domain());
        is_host(host) && above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

impl FromStr for ServiceName {
    type Err = InvalidService;

    fn from_str(text: &str) -> Result<Self, InvalidService> {
        let text = text.to_ascii_lowercase();
        let kind = ServiceKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(InvalidService)?;
        let last = text.rfind('_').ok_or(InvalidService)?;
        let after = text[last..].find('.').ok_or(InvalidService)?;
        let domain_at = last + after + 1;
        let between = &text[kind.prefix().len().min(domain_at)..domain_at];
        let is_sound = text.len() <= NAME_BYTES_MAX
            && is_host(&text[domain_at..])
            && between
                .split_terminator('.')
                .all(|label| is_label(label.strip_prefix('_').unwrap_or(label)));
        is_sound
            .then_some(Self {
                text,
                kind,
                domain_at,
            })
            .ok_or(InvalidService)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A host's name whose last part begins with a letter: no address, and nothing that a resolver takes for one.
fn is_host(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ServiceName {
        text.parse().unwrap()
    }

    #[test]
    fn a_service_has_a_kind_and_a_domain() {
        for (text, kind, domain) in [
            ("_ldap._tcp.example.com", ServiceKind::Ldap, "example.com"),
            ("_LDAPS._tcp.Example.COM", ServiceKind::Ldaps, "example.com"),
            (
                "_ldap._tcp.dc._msdcs.example.com",
                ServiceKind::Ldap,
                "example.com",
            ),
            (
                "_ldap._tcp.Site-A._sites.dc._msdcs.corp.example.com",
                ServiceKind::Ldap,
                "corp.example.com",
            ),
            ("_ldap._tcp.lan", ServiceKind::Ldap, "lan"),
        ] {
            let parsed = name(text);
            assert_eq!((parsed.kind(), parsed.domain()), (kind, domain), "{text}");
            assert_eq!(parsed.to_string(), text.to_ascii_lowercase());
        }
    }

    #[test]
    fn what_is_no_service_of_directories_is_refused() {
        let long = format!("_ldap._tcp.{}example.com", "a.".repeat(121));
        for text in [
            "",
            "_",
            "_ldap._tcp.",
            "_ldap._tcp",
            "_ldap._udp.example.com",
            "_http._tcp.example.com",
            "_ldap._tcp.example.com:389",
            "_ldap._tcp.example.com.",
            "_ldap._tcp..example.com",
            "_ldap._tcp.*.example.com",
            "_ldap._tcp._msdcs",
            "_ldap._tcp.10.0.0.5",
            "_ldap._tcp.-x-._sites.example.com",
            "dc1.example.com",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<ServiceName>(), Err(InvalidService), "{text}");
        }
    }

    #[test]
    fn only_hosts_of_the_domain_are_covered() {
        let service = name("_ldap._tcp.dc._msdcs.example.com");
        for host in ["example.com", "dc1.example.com", "a.b.example.com"] {
            assert!(service.covers(host), "{host}");
        }
        for host in [
            "",
            "com",
            "dc1.example.org",
            "evilexample.com",
            "dc1.example.com.evil.test",
            ".example.com",
            "_x.example.com",
            "10.0.0.5",
        ] {
            assert!(!service.covers(host), "{host}");
        }
    }
}
