//! A directory's settings out of arguments: a preset, and what differs from it.

use crate::{
    failure::{CommandError, Exit},
    pem, secret,
};
use clap::{Args, ValueEnum};
use platform::directories::settings::{Binding, Product, Security, Server, ServiceProof, Settings};
use std::path::PathBuf;
use vault::SecretText;

/// Which product it is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Microsoft Active Directory, or Samba as a domain controller
    ActiveDirectory,
    /// OpenLDAP
    Openldap,
    /// FreeIPA or 389 Directory Server
    Freeipa,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Protection {
    /// TLS from the first byte
    Ldaps,
    /// TLS after the first request
    Starttls,
    /// Nothing: passwords can be read on the way
    Plain,
}

/// How the service account proves who it is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Proof {
    /// By its password
    Password,
    /// By our own certificate (SASL EXTERNAL); which account that is, the server decides
    Certificate,
}

/// What a new directory needs.
#[derive(Debug, Args)]
pub(super) struct Needed {
    /// The product, for what is usual there
    #[arg(long, value_enum)]
    product: Kind,
    /// Servers in their order: NAME, NAME:PORT, or _ldap._tcp.DOMAIN for those that DNS lists; may be given several times
    #[arg(long, value_name = "SERVER", required = true)]
    server: Vec<String>,
}

/// What may differ from the preset.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The service account, which may read people and groups
    #[arg(long, value_name = "DN")]
    service_dn: Option<String>,
    /// How it proves who it is; by its password without this
    #[arg(long, value_enum)]
    service_proof: Option<Proof>,
    /// Below which names people are; several times for several
    #[arg(long, value_name = "DN")]
    base: Vec<String>,
    /// Below which names groups are; the bases of people without this
    #[arg(long, value_name = "DN")]
    group_base: Vec<String>,
    /// What protects the connection; LDAPS as a rule
    #[arg(long, value_enum)]
    security: Option<Protection>,
    /// Accept that passwords cross the network readable, with --security plain
    #[arg(long)]
    accept_readable_passwords: bool,
    /// A file with the certificates of the authorities to trust, in PEM; the system's without this
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// A file with our own certificate in PEM, and those between it and its authority, for servers that ask for one
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// A file with the key of our own certificate in PEM, which nobody else can read
    #[arg(long, value_name = "FILE")]
    client_key_file: Option<PathBuf>,
    /// Who is a person, as an LDAP filter
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// What people type to sign in; several times for several attributes
    #[arg(long, value_name = "ATTRIBUTE")]
    login_attribute: Vec<String>,
    /// Make a person's name from this instead of searching, {login} in its place
    #[arg(long, value_name = "DN")]
    template: Option<String>,
}

impl Needed {
    pub(super) fn preset(&self) -> Result<Settings, CommandError> {
        let product = match self.product {
            Kind::ActiveDirectory => Product::ActiveDirectory,
            Kind::Openldap => Product::Openldap,
            Kind::Freeipa => Product::Freeipa,
        };
        let mut servers = servers(&self.server)?;
        let first = servers.remove(0);
        let mut settings = Settings::preset(product, first, String::new(), String::new());
        settings.servers.extend(servers);
        Ok(settings)
    }
}

/// Servers as they were typed.
pub(super) fn servers(texts: &[String]) -> Result<Vec<Server>, CommandError> {
    let parsed = texts.iter().map(|text| text.parse::<Server>());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| CommandError::said(Exit::Usage, error.to_string()))
}

impl Given {
    /// The settings with what was given.
    pub(super) fn onto(&self, mut settings: Settings) -> Result<Settings, CommandError> {
        if let Some(dn) = &self.service_dn {
            settings.service_dn.clone_from(dn);
        }
        if let Some(proof) = self.service_proof {
            settings.service_proof = match proof {
                Proof::Password => ServiceProof::Password,
                Proof::Certificate => ServiceProof::Certificate,
            };
        }
        if !self.base.is_empty() {
            settings.person_bases.clone_from(&self.base);
            settings.group_bases.clone_from(&self.base);
        }
        if !self.group_base.is_empty() {
            settings.group_bases.clone_from(&self.group_base);
        }
        if let Some(security) = self.security {
            settings.security = self.security(security)?;
        }
        if let Some(file) = &self.authorities {
            settings.authorities = Some(pem::read(file)?);
        }
        if let Some(file) = &self.client_certificate {
            settings.client_certificate = Some(pem::read(file)?);
        }
        if let Some(filter) = &self.filter {
            settings.person_filter.clone_from(filter);
        }
        if !self.login_attribute.is_empty() {
            settings.attributes.login.clone_from(&self.login_attribute);
        }
        if let Some(template) = &self.template {
            settings.binding = Binding::Template(template.clone());
        }
        Ok(settings)
    }

    /// The key of our own certificate, where a file with one is named.
    pub(super) fn client_key(&self) -> Result<Option<SecretText>, CommandError> {
        self.client_key_file.as_deref().map(secret::read_file).transpose()
    }

    fn security(&self, wanted: Protection) -> Result<Security, CommandError> {
        match wanted {
            Protection::Ldaps => Ok(Security::Ldaps),
            Protection::Starttls => Ok(Security::Starttls),
            Protection::Plain if self.accept_readable_passwords => Ok(Security::Plain),
            Protection::Plain => {
                let text = "without TLS everybody on the way reads every password; add --accept-readable-passwords if that is \
                            meant, or give the server a certificate";
                Err(CommandError::said(Exit::Usage, text))
            }
        }
    }
}
