//! How forwarding is set, checked, and as it is stored.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{pkey::PKey, x509::X509};
use serde::{Deserialize, Serialize};
use vault::{Purpose, SecretText, seal};
use zeroize::Zeroizing;

/// Most bytes of certificates, and of a key.
const PEM_BYTES_MAX: usize = 64 * 1024;

/// A log that is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// The audit log, in the order of its leaves.
    Audit,
    /// Sign-ins and requests.
    Access,
    /// What our own units say in the journal.
    System,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Audit, Self::Access, Self::System];

    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Access => "access",
            Self::System => "system",
        }
    }
}

/// How forwarding is set, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardingSettings {
    /// The collector's name, as its certificate says it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Certificates of its authority in PEM: the only one that is trusted here.
    pub authority_pem: String,
    /// Our own certificate in PEM, and those between it and its authority, where the collector asks for one.
    pub certificate_pem: Option<String>,
    /// What is sent, each once.
    pub streams: Vec<Stream>,
}

impl ForwardingSettings {
    /// Checks what can be checked without asking the collector.
    ///
    /// # Errors
    /// `invalid`, at the setting at fault.
    pub(super) fn check(&self, key: Option<&SecretText>) -> Result<()> {
        let malformed = |pointer: &str, text: &str| PlatformError::invalid_at(pointer, "malformed", text);
        config::Target::new(&self.host, self.port).map_err(|error| malformed("/host", &error.to_string()))?;
        if self.streams.is_empty() {
            return Err(malformed("/streams", "at least one of audit, access, system"));
        }
        if certificates(&self.authority_pem).is_none() {
            return Err(malformed("/authority_pem", "certificates in PEM"));
        }
        match (&self.certificate_pem, key) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(malformed(
                "/certificate_pem",
                "the certificate that the key is of",
            )),
            (Some(pem), key) => {
                let found =
                    certificates(pem).ok_or_else(|| malformed("/certificate_pem", "certificates in PEM"))?;
                key.map_or(Ok(()), |key| check_key(&found, key))
            }
        }
    }

    /// Would a client's key for the one be good for the other?
    pub(super) fn is_same_client(&self, other: &Self) -> bool {
        let part = |settings: &Self| (settings.place(), settings.certificate_pem.clone());
        part(self) == part(other)
    }

    /// `host:port`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn certificates(pem: &str) -> Option<Vec<X509>> {
    let found = X509::stack_from_pem(pem.as_bytes()).ok()?;
    (pem.len() <= PEM_BYTES_MAX && !found.is_empty()).then_some(found)
}

fn check_key(certificates: &[X509], key: &SecretText) -> Result<()> {
    let malformed = |text: &str| Err(PlatformError::invalid_at("/key", "malformed", text));
    if key.expose().len() > PEM_BYTES_MAX {
        return malformed("a private key in PEM, without a password");
    }
    // An empty password, so that nobody is asked for one.
    let Ok(key) = PKey::private_key_from_pem_passphrase(key.expose().as_bytes(), b"") else {
        return malformed("a private key in PEM, without a password");
    };
    let own = certificates.first().and_then(|first| first.public_key().ok());
    match own.is_some_and(|own| own.public_eq(&key)) {
        true => Ok(()),
        false => malformed("not the key of the first certificate"),
    }
}

/// As it stands in the database.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) settings: ForwardingSettings,
    /// The client's key, sealed, in base64.
    pub(super) key: Option<String>,
}

impl Stored {
    pub(super) fn open_key(&self, platform: &Platform) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(text) = &self.key else { return Ok(None) };
        let sealed = STANDARD.decode(text).map_err(vault_failure)?;
        let place = sealed_to(&self.settings);
        let opened = seal::open(
            platform.appliance_keys(),
            Purpose::DatabaseCredential,
            &place,
            &sealed,
        );
        Ok(Some(Zeroizing::new(opened.map_err(vault_failure)?.to_vec())))
    }
}

/// What the key is sealed to, so that one that was copied to another place opens nothing there.
fn sealed_to(settings: &ForwardingSettings) -> Vec<u8> {
    format!("forwarding:{}", settings.place()).into_bytes()
}

pub(super) fn seal_key(
    platform: &Platform,
    settings: &ForwardingSettings,
    key: &SecretText,
) -> Result<String> {
    let with = platform.appliance_keys().current(Purpose::DatabaseCredential);
    let sealed = seal::seal(with, &sealed_to(settings), key.expose().as_bytes());
    Ok(STANDARD.encode(sealed.map_err(vault_failure)?))
}
