//! How the webhook is set, checked, and as it is stored.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    source::secret,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::x509::X509;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use url::Url;
use vault::SecretText;
use zeroize::Zeroizing;

/// Most bytes of an authority's certificates.
const AUTHORITY_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of an address.
const URL_BYTES_MAX: usize = 2_000;
/// What stands before a secret's base64 (Standard Webhooks 1.0, "Signature scheme").
const SECRET_BEGIN: &str = "whsec_";
/// Bytes of a secret (the same).
const SECRET_BYTES: RangeInclusive<usize> = 24..=64;

/// Where alerts go, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSettings {
    /// The address; https.
    pub url: String,
    /// Certificates of the other side's authority in PEM; without, the system's.
    pub authority_pem: Option<String>,
}

fn malformed(pointer: &str, text: &str) -> PlatformError {
    PlatformError::invalid_at(pointer, "malformed", text)
}

impl WebhookSettings {
    /// Checks what can be checked without asking the other side.
    ///
    /// # Errors
    /// `invalid`, at the setting at fault.
    pub(super) fn check(&self) -> Result<()> {
        self.parsed()?;
        if let Some(pem) = &self.authority_pem {
            let read = X509::stack_from_pem(pem.as_bytes());
            if pem.len() > AUTHORITY_BYTES_MAX || !read.is_ok_and(|found| !found.is_empty()) {
                return Err(malformed("/authority_pem", "certificates in PEM"));
            }
        }
        Ok(())
    }

    fn parsed(&self) -> Result<Url> {
        let wrong = || {
            malformed(
                "/url",
                "an address that begins with https://, without a user or a fragment",
            )
        };
        if self.url.len() > URL_BYTES_MAX {
            return Err(wrong());
        }
        let url = Url::parse(&self.url).map_err(|_| wrong())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_named = url.host_str().is_some_and(|host| !host.is_empty());
        (self.url.starts_with("https://") && is_plain && is_named)
            .then_some(url)
            .ok_or_else(wrong)
    }

    /// `HOST:PORT`, as `[outgoing]` names it.
    ///
    /// # Errors
    /// `invalid` at `/url`.
    pub fn target(&self) -> Result<String> {
        let (host, port) = self.place()?;
        Ok(format!("{host}:{port}"))
    }

    /// Its host and port.
    pub(super) fn place(&self) -> Result<(String, u16)> {
        let url = self.parsed()?;
        let port = url.port_or_known_default().unwrap_or(443);
        Ok((url.host_str().unwrap_or_default().to_owned(), port))
    }

    /// Would a secret for the one be good for the other?
    pub(super) fn is_same_host(&self, other: &Self) -> bool {
        let part = |settings: &Self| (settings.target().ok(), settings.authority_pem.clone());
        part(self) == part(other)
    }

    /// What the secret is sealed to.
    fn sealed_to(&self) -> Result<Vec<u8>> {
        Ok(format!("webhook:{}", self.target()?).into_bytes())
    }
}

/// As it stands in the database.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) settings: WebhookSettings,
    /// Sealed, in base64.
    pub(super) secret: String,
}

impl Stored {
    /// The bytes that both sides sign and check with.
    pub(super) fn open_secret(&self, platform: &Platform) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = STANDARD.decode(&self.secret).map_err(vault_failure)?;
        bytes(&secret::open(platform, &self.settings.sealed_to()?, &sealed)?)
    }
}

pub(super) fn seal_secret(
    platform: &Platform,
    settings: &WebhookSettings,
    given: &SecretText,
) -> Result<String> {
    bytes(given)?;
    Ok(STANDARD.encode(secret::seal(platform, &settings.sealed_to()?, given)?))
}

/// Sees that a secret has the form that both sides need, before it is set.
///
/// # Errors
/// `malformed`, with how to make one.
pub fn check_secret(secret: &SecretText) -> Result<()> {
    bytes(secret).map(|_| ())
}

/// `whsec_` and base64.
fn bytes(secret: &SecretText) -> Result<Zeroizing<Vec<u8>>> {
    let text = secret.expose().strip_prefix(SECRET_BEGIN);
    let read = text
        .and_then(|text| STANDARD.decode(text).ok())
        .map(Zeroizing::new);
    read.filter(|bytes| SECRET_BYTES.contains(&bytes.len()))
        .ok_or_else(|| {
            let text = "whsec_ and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)";
            malformed("/secret", text)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> WebhookSettings {
        WebhookSettings {
            url: url.to_owned(),
            authority_pem: None,
        }
    }

    #[test]
    fn an_address_is_one_https_host() {
        at("https://alerts.example.com/hooks/1?team=2").check().unwrap();
        assert_eq!(at("https://[fd00::1]:8443/x").target().unwrap(), "[fd00::1]:8443");
        let long = format!("https://a.example/{}", "a".repeat(2_000));
        for wrong in [
            "http://a.example/",
            "https://user@a.example/",
            "https://a:b@a.example/",
            "https://a.example/#x",
            "https://",
            "HTTPS //a",
            "file:///etc/passwd",
            &long,
        ] {
            assert_eq!(
                at(wrong).check().unwrap_err().errors[0].pointer,
                "/url",
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_secret_is_long_and_random_enough() {
        let secret = |text: &str| bytes(&SecretText::new(text.to_owned()));
        assert_eq!(
            secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap().len(),
            24
        );
        for wrong in [
            "",
            "password",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_not base64 at all, is it?",
        ] {
            assert!(secret(wrong).is_err(), "{wrong:?}");
        }
    }
}
