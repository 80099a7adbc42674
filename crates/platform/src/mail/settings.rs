//! How mail is set, checked, and as it is stored.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    source::secret,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::x509::X509;
use serde::{Deserialize, Serialize};
use types::EmailAddress;
use vault::SecretText;

/// Most bytes of an authority's certificates.
const AUTHORITY_BYTES_MAX: usize = 64 * 1024;

/// How the connection is encrypted. There is no third way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// From the first byte (RFC 8314), port 465.
    Tls,
    /// By STARTTLS, without which nothing is sent, port 587.
    StartTls,
}

impl MailSecurity {
    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
        }
    }
}

/// How mail is set, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// The server's name, as its certificate says it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: MailSecurity,
    /// Our account there.
    pub account: Option<String>,
    /// Whom letters are from.
    pub from: String,
    /// Certificates of the server's authority in PEM; without, the system's.
    pub authority_pem: Option<String>,
}

impl MailSettings {
    /// Checks what can be checked without asking the server.
    ///
    /// # Errors
    /// `invalid`, at the setting at fault.
    pub(super) fn check(&self) -> Result<()> {
        let malformed = |pointer: &str, text: &str| PlatformError::invalid_at(pointer, "malformed", text);
        let name = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if !(1..=253).contains(&self.host.len()) || !self.host.chars().all(name) {
            return Err(malformed("/host", "a host name or an address"));
        }
        if self.port == 0 {
            return Err(malformed("/port", "1 to 65535"));
        }
        if let Some(account) = &self.account
            && (!(1..=254).contains(&account.len()) || account.chars().any(char::is_control))
        {
            return Err(malformed("/account", "1 to 254 bytes on one line"));
        }
        let from = self.from.parse::<EmailAddress>();
        from.map_err(|error| malformed("/from", &error.to_string()))?;
        if let Some(pem) = &self.authority_pem {
            let read = X509::stack_from_pem(pem.as_bytes());
            if pem.len() > AUTHORITY_BYTES_MAX || !read.is_ok_and(|found| !found.is_empty()) {
                return Err(malformed("/authority_pem", "certificates in PEM"));
            }
        }
        Ok(())
    }

    /// Would a secret for the one be good for the other?
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        let part = |settings: &Self| {
            (
                settings.host.clone(),
                settings.port,
                settings.security,
                settings.account.clone(),
                settings.authority_pem.clone(),
            )
        };
        part(self) == part(other)
    }

    /// What the secret is sealed to.
    fn place(&self) -> Vec<u8> {
        format!("mail:{}:{}", self.host, self.port).into_bytes()
    }
}

/// As it stands in the database.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) settings: MailSettings,
    /// Sealed, in base64.
    pub(super) secret: Option<String>,
}

impl Stored {
    pub(super) fn open_secret(&self, platform: &Platform) -> Result<Option<SecretText>> {
        let Some(text) = &self.secret else { return Ok(None) };
        let sealed = STANDARD.decode(text).map_err(vault_failure)?;
        secret::open(platform, &self.settings.place(), &sealed).map(Some)
    }
}

pub(super) fn seal_secret(
    platform: &Platform,
    settings: &MailSettings,
    given: &SecretText,
) -> Result<String> {
    Ok(STANDARD.encode(secret::seal(platform, &settings.place(), given)?))
}
