//! How to reach a directory and how to read it. Presets know the usual products.
//!
//! Invariant: settings that were [checked](Settings::check) are within bounds, and their filters parse. The service account's
//! password is no part of them: it is kept sealed, elsewhere.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use openssl::x509::X509;
use serde::{Deserialize, Serialize};
use types::{ServiceKind, ServiceName};

use crate::{
    client::{self, ClientKey},
    dn,
    failure::Failure,
};

/// Most servers, and most of them that are asked for one connection.
pub const SERVERS_MAX: usize = 8;
const BASES_MAX: usize = 16;
const TEXT_MAX: usize = 2_000;
const AUTHORITIES_BYTES_MAX: usize = 256 * 1024;

/// How a server's addresses are found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    /// By asking the name service.
    #[default]
    Lookup,
    /// They are known.
    At(Vec<SocketAddr>),
    /// They are known, as those of a host that DNS lists under this service's name.
    Listed(String, Vec<SocketAddr>),
    /// It may not be reached; why.
    Closed(String),
}

/// A server: a name or an address, and a port. Or those that DNS lists under a service's name (RFC 2782), `_ldap._tcp.DOMAIN`:
/// whoever connects puts the listed ones in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(try_from = "String", into = "String")]
pub struct Server {
    /// A DNS name, an address, or a service's name.
    pub host: String,
    /// Its port; 0 is the usual one of the security.
    pub port: u16,
    /// How its addresses are found; no part of what is stored.
    pub reach: Reach,
}

impl FromStr for Server {
    type Err = Failure;

    /// `host`, `host:port`, `[address]:port`, `_ldap._tcp.domain`.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let bad = || {
            Failure::Settings(format!(
                "{} is no server; write NAME, NAME:PORT or _ldap._tcp.DOMAIN",
                crate::failure::plain(text)
            ))
        };
        if ServiceName::is_meant(text) {
            let service: ServiceName = text.parse().map_err(|_| bad())?;
            return Ok(Self {
                host: service.to_string(),
                port: 0,
                reach: Reach::Lookup,
            });
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None if text.matches(':').count() > 1 => (text, None),
            None => text
                .split_once(':')
                .map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Ok(0), str::parse).map_err(|_| bad())?;
        let named = !host.is_empty() && host.len() <= 253;
        let plain = host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
        (named && plain)
            .then(|| Self {
                host: host.to_owned(),
                port,
                reach: Reach::Lookup,
            })
            .ok_or_else(bad)
    }
}

impl Server {
    /// The service whose listed hosts are meant, where it is no single server.
    #[must_use]
    pub fn service(&self) -> Option<ServiceName> {
        self.host.parse().ok()
    }
}

impl TryFrom<String> for Server {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self, Failure> {
        text.parse()
    }
}

impl From<Server> for String {
    fn from(server: Server) -> Self {
        server.to_string()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (false, 0) => write!(f, "{}", self.host),
            (false, port) => write!(f, "{}:{port}", self.host),
            (true, 0) => write!(f, "[{}]", self.host),
            (true, port) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

/// What protects the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// TLS from the first byte.
    Ldaps,
    /// TLS after one request in the clear, and nothing else before it.
    Starttls,
    /// Nothing. Passwords can be read on the way.
    Plain,
}

impl Security {
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::Starttls | Self::Plain => 389,
        }
    }
}

/// Which product it is, for what differs between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Microsoft Active Directory, or Samba as a domain controller.
    ActiveDirectory,
    /// OpenLDAP.
    Openldap,
    /// FreeIPA or 389 Directory Server.
    Freeipa,
}

/// How the service account proves who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceProof {
    /// By its password.
    #[default]
    Password,
    /// By the client certificate: SASL EXTERNAL (RFC 4513 section 5.2.3). Which account that is, the server decides.
    Certificate,
}

impl ServiceProof {
    fn is_password(&self) -> bool {
        *self == Self::Password
    }
}

/// How a person is bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// The service account searches the person; the person's name is bound.
    Search,
    /// The name is made from this, `{login}` in its place, such as `uid={login},ou=people,dc=example,dc=org`.
    Template(String),
}

/// Which attributes say what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The identifier that never changes.
    pub id: String,
    /// What people type to sign in; any of them.
    pub login: Vec<String>,
    /// The e-mail address.
    pub email: String,
    /// The name to show.
    pub name: String,
}

/// A directory's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The servers, in the order in which they are asked.
    pub servers: Vec<Server>,
    /// What protects the connection.
    pub security: Security,
    /// The authorities to trust, in PEM; the system's when there is none.
    pub authorities: Option<String>,
    /// Our own certificate in PEM, and those between it and its authority, where the servers ask for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Its key, to connect with; no part of what is stored with the settings.
    #[serde(skip)]
    pub client_key: Option<ClientKey>,
    /// Which product it is.
    pub product: Product,
    /// The service account's name.
    pub service_dn: String,
    /// How it proves who it is. The usual is not written, so that the version before reads what it wrote itself.
    #[serde(default, skip_serializing_if = "ServiceProof::is_password")]
    pub service_proof: ServiceProof,
    /// How a person is bound.
    pub binding: Binding,
    /// Below which names people are.
    pub person_bases: Vec<String>,
    /// Who is a person.
    pub person_filter: String,
    /// Below which names groups are.
    pub group_bases: Vec<String>,
    /// Which attributes say what.
    pub attributes: Attributes,
}

impl Settings {
    /// The usual settings of a product, for this server, service account and base.
    #[must_use]
    pub fn preset(product: Product, server: Server, service_dn: String, base: String) -> Self {
        let (filter, id, login, name) = match product {
            Product::ActiveDirectory => (
                "(&(objectCategory=person)(objectClass=user))",
                "objectGUID",
                &["sAMAccountName", "userPrincipalName"][..],
                "displayName",
            ),
            Product::Openldap => ("(objectClass=inetOrgPerson)", "entryUUID", &["uid"][..], "cn"),
            Product::Freeipa => (
                "(objectClass=posixAccount)",
                "ipaUniqueID",
                &["uid"][..],
                "displayName",
            ),
        };
        Self {
            servers: vec![server],
            security: Security::Ldaps,
            authorities: None,
            client_certificate: None,
            client_key: None,
            product,
            service_dn,
            service_proof: ServiceProof::Password,
            binding: Binding::Search,
            person_bases: vec![base.clone()],
            person_filter: filter.to_owned(),
            group_bases: vec![base],
            attributes: Attributes {
                id: id.to_owned(),
                login: login.iter().map(|name| (*name).to_owned()).collect(),
                email: "mail".to_owned(),
                name: name.to_owned(),
            },
        }
    }

    /// Looks whether the settings can be used, without asking anybody.
    ///
    /// # Errors
    /// [`Failure::Settings`] or [`Failure::Filter`], for the first thing that is wrong.
    pub fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::Settings(text.to_owned()));
        let is_named = |server: &&Server| !matches!(server.reach, Reach::Listed(..));
        if self.servers.is_empty() || self.servers.iter().filter(is_named).count() > SERVERS_MAX {
            return wrong("name one to eight servers");
        }
        if self.person_bases.is_empty()
            || self.person_bases.len() > BASES_MAX
            || self.group_bases.len() > BASES_MAX
        {
            return wrong("name one to sixteen bases of people, and at most sixteen of groups");
        }
        self.check_services()?;
        let mut names = self.person_bases.iter().chain(&self.group_bases);
        if let Some(name) = names.find(|name| dn::normalize(name).is_none()) {
            return wrong(&format!(
                "{} is no distinguished name",
                crate::failure::plain(name)
            ));
        }
        // Active Directory takes `user@domain` as well.
        if self.service_dn.is_empty() || self.service_dn.len() > TEXT_MAX || self.service_dn.contains('\0') {
            return wrong("name the service account");
        }
        if self.service_proof == ServiceProof::Certificate && self.client_certificate.is_none() {
            return wrong(
                "a service account that proves itself by the client certificate needs one; set it with its key",
            );
        }
        self.check_attributes()?;
        self.check_template()?;
        self.check_authorities()?;
        self.check_client()?;
        let filter = self.login_filter("a");
        if self.person_filter.len() > TEXT_MAX || ldap3::parse_filter(&filter).is_err() {
            return Err(Failure::Filter {
                filter: crate::failure::plain(&self.person_filter),
            });
        }
        Ok(())
    }

    /// The record's port speaks what the service's name says, so the security must be the same.
    fn check_services(&self) -> Result<(), Failure> {
        for service in self.servers.iter().filter_map(Server::service) {
            let (fits, what) = match service.kind() {
                ServiceKind::Ldap => (self.security == Security::Starttls, "StartTLS"),
                ServiceKind::Ldaps => (self.security == Security::Ldaps, "LDAPS"),
            };
            if !fits {
                let text = format!("the ports that DNS lists under {service} are for {what}; choose it");
                return Err(Failure::Settings(text));
            }
        }
        Ok(())
    }

    fn check_attributes(&self) -> Result<(), Failure> {
        let Attributes {
            id,
            login,
            email,
            name,
        } = &self.attributes;
        let mut all = [id, email, name].into_iter().chain(login);
        let named = |name: &String| {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            plain && (1..=64).contains(&name.len())
        };
        if all.all(named) && (1..=4).contains(&login.len()) {
            return Ok(());
        }
        Err(Failure::Settings(
            "an attribute's name is of letters, digits and hyphens; one to four are for the login".into(),
        ))
    }

    fn check_template(&self) -> Result<(), Failure> {
        match &self.binding {
            Binding::Template(template)
                if template.matches("{login}").count() != 1 || template.len() > TEXT_MAX =>
            {
                Err(Failure::Settings("the template holds {login} once".into()))
            }
            Binding::Template(_) | Binding::Search => Ok(()),
        }
    }

    fn check_authorities(&self) -> Result<(), Failure> {
        let Some(pem) = &self.authorities else {
            return Ok(());
        };
        let parsed = X509::stack_from_pem(pem.as_bytes()).map(|found| found.len());
        match parsed {
            Ok(1..) if pem.len() <= AUTHORITIES_BYTES_MAX && client::holds_certificates_alone(pem) => Ok(()),
            _ => Err(Failure::Settings(
                "the authorities are no certificates in PEM".into(),
            )),
        }
    }

    fn check_client(&self) -> Result<(), Failure> {
        match &self.client_certificate {
            Some(_) if self.security == Security::Plain => Err(Failure::Settings(
                "a client certificate is shown over TLS only; choose LDAPS or StartTLS, or take it out"
                    .into(),
            )),
            Some(pem) => client::check_certificate(pem),
            None => Ok(()),
        }
    }

    /// The filter that finds who signs in as this.
    pub(crate) fn login_filter(&self, login: &str) -> String {
        let login = ldap3::ldap_escape(login);
        let any: String = self
            .attributes
            .login
            .iter()
            .map(|name| format!("({name}={login})"))
            .collect();
        format!("(&{}(|{any}))", self.person_filter)
    }

    /// A server's port.
    #[must_use]
    pub fn port_of(&self, server: &Server) -> u16 {
        if server.port == 0 {
            self.security.port()
        } else {
            server.port
        }
    }

    /// Would a stored password go to somebody else, or less well protected, with the other settings?
    #[must_use]
    pub fn exposes_secret(&self, other: &Self) -> bool {
        self.goes_elsewhere(other) || self.service_dn != other.service_dn
    }

    /// Do the other settings lead to other servers, or less well protected?
    #[must_use]
    pub fn goes_elsewhere(&self, other: &Self) -> bool {
        self.servers
            .iter()
            .map(Server::to_string)
            .ne(other.servers.iter().map(Server::to_string))
            || self.security != other.security
            || self.authorities != other.authorities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let server = "dc1.example.test".parse().unwrap();
        Settings::preset(
            Product::ActiveDirectory,
            server,
            "app@example.test".into(),
            "dc=example,dc=test".into(),
        )
    }

    #[test]
    fn presets_can_be_used() {
        for product in [Product::ActiveDirectory, Product::Openldap, Product::Freeipa] {
            let server = "[::1]:6360".parse().unwrap();
            Settings::preset(product, server, "cn=app".into(), "dc=a".into())
                .check()
                .unwrap();
        }
    }

    #[test]
    fn what_the_version_before_did_not_know_is_written_where_it_is_used_only() {
        let usual = serde_json::to_value(settings()).unwrap();
        assert!(usual.get("service_proof").is_none(), "{usual}");
        let other = Settings {
            service_proof: ServiceProof::Certificate,
            ..settings()
        };
        let written = serde_json::to_value(&other).unwrap();
        assert_eq!(written["service_proof"], "certificate");
        assert_eq!(
            serde_json::from_value::<Settings>(usual).unwrap().service_proof,
            ServiceProof::Password
        );
    }

    #[test]
    fn a_server_is_a_name_and_a_port() {
        for text in [
            "dc1",
            "dc1.example.test:636",
            "10.0.0.1:3269",
            "[fe80::1]:389",
            "[::1]",
            "_ldap._tcp.dc._msdcs.example.test",
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), text);
        }
        assert_eq!("fe80::1".parse::<Server>().unwrap().to_string(), "[fe80::1]");
        for text in [
            "",
            "ldap://dc1",
            "dc1:",
            "dc1:70000",
            "a b",
            "dc1/x",
            ":389",
            "u@h",
            "_ldap._tcp.example.test:389",
            "_gc._tcp.example.test",
        ] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_login_cannot_change_the_filter() {
        let filter = settings().login_filter("a)(objectClass=*)(b=\\*\0");
        assert!(
            filter.contains("(sAMAccountName=a\\29\\28objectClass=\\2a\\29\\28b=\\5c\\2a\\00)"),
            "{filter}"
        );
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let broken: [fn(&mut Settings); 9] = [
            |settings| settings.servers.clear(),
            |settings| settings.person_bases = vec!["people".into()],
            |settings| settings.person_filter = "(objectClass=user".into(),
            |settings| settings.person_filter = "(a=b))(|(c=d)".into(),
            |settings| settings.attributes.login.clear(),
            |settings| settings.attributes.id = "a)(b".into(),
            |settings| settings.authorities = Some("-----BEGIN".into()),
            |settings| settings.binding = Binding::Template("uid=x".into()),
            |settings| settings.client_certificate = Some("-----BEGIN".into()),
        ];
        for (number, break_it) in broken.into_iter().enumerate() {
            let mut settings = settings();
            break_it(&mut settings);
            assert!(settings.check().is_err(), "number {number}");
        }
    }

    #[test]
    fn a_service_is_asked_with_the_security_that_its_ports_are_for() {
        for (service, security, fits) in [
            ("_ldap._tcp.example.test", Security::Starttls, true),
            // Whoever answers for DNS would be handed passwords.
            ("_ldap._tcp.example.test", Security::Plain, false),
            ("_ldap._tcp.example.test", Security::Ldaps, false),
            ("_ldaps._tcp.example.test", Security::Ldaps, true),
            ("_ldaps._tcp.example.test", Security::Starttls, false),
        ] {
            let settings = Settings {
                servers: vec![service.parse().unwrap()],
                security,
                ..settings()
            };
            assert_eq!(settings.check().is_ok(), fits, "{service} {security:?}");
        }
    }

    #[test]
    fn only_what_reaches_the_same_server_keeps_the_secret() {
        let old = settings();
        let mut new = old.clone();
        new.person_filter = "(cn=*)".into();
        assert!(!old.exposes_secret(&new));
        new.security = Security::Plain;
        assert!(old.exposes_secret(&new));
        new = Settings {
            servers: vec!["evil.example.test".parse().unwrap()],
            ..old.clone()
        };
        assert!(old.exposes_secret(&new));
    }
}
