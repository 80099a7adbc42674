//! Who we are towards a directory that asks for a client's certificate (RFC 4513 section 3.1): a certificate of the settings,
//! and its key.
//!
//! Invariant: the key is shown to nobody: it is no part of what is stored with the settings, and `Debug` prints none of it. A
//! certificate that is over is not shown, so that the cause is told here and not guessed from how the server hangs up.

use std::fmt;
use std::hash::{Hash, Hasher};

use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::SslConnectorBuilder;
use openssl::x509::{X509, X509Ref};
use vault::SecretText;

use crate::{
    failure::{Failure, plain},
    tls,
};

/// Longest certificate with those between it and its authority, and longest key, in bytes of PEM.
const PEM_BYTES_MAX: usize = 64 * 1024;
/// Most certificates between it and its authority, and itself.
const CHAIN_MAX: usize = 8;

/// The key of a client's certificate, in PEM.
pub struct ClientKey(SecretText);

impl ClientKey {
    /// A key as it was given or opened.
    #[must_use]
    pub fn new(pem: SecretText) -> Self {
        Self(pem)
    }

    fn parse(&self) -> Result<PKey<Private>, Failure> {
        let pem = self.0.expose();
        // An empty password, so that nobody is asked for one.
        let parsed = PKey::private_key_from_pem_passphrase(pem.as_bytes(), b"").ok();
        let bounded = parsed.filter(|_| pem.len() <= PEM_BYTES_MAX);
        bounded.ok_or_else(|| Failure::ClientKey("it is no private key in PEM without a password".into()))
    }
}

impl Clone for ClientKey {
    fn clone(&self) -> Self {
        Self(SecretText::new(self.0.expose().to_owned()))
    }
}

impl PartialEq for ClientKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl Eq for ClientKey {}

impl Hash for ClientKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.expose().hash(state);
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey(..)")
    }
}

/// Looks whether this is a certificate with those between it and its authority.
///
/// # Errors
/// [`Failure::ClientCertificate`].
pub fn check_certificate(pem: &str) -> Result<(), Failure> {
    chain(pem).map(drop)
}

/// Looks whether the key is the certificate's.
///
/// # Errors
/// [`Failure::ClientCertificate`], [`Failure::ClientKey`].
pub fn check_key(certificate: &str, key: &ClientKey) -> Result<(), Failure> {
    let own = chain(certificate)?.0.public_key().ok();
    let key = key.parse()?;
    match own.is_some_and(|own| own.public_eq(&key)) {
        true => Ok(()),
        false => Err(Failure::ClientKey(
            "it is not the key of the first certificate".into(),
        )),
    }
}

fn chain(pem: &str) -> Result<(X509, Vec<X509>), Failure> {
    let malformed = || Failure::ClientCertificate("it is no certificate in PEM".into());
    // OpenSSL passes over what is none: a key would be kept with it, and shown.
    if !holds_certificates_alone(pem) {
        let why = "something else stands beside the certificates; take it out, and give a key as the key";
        return Err(Failure::ClientCertificate(why.into()));
    }
    let found = X509::stack_from_pem(pem.as_bytes()).map_err(|_| malformed())?;
    if pem.len() > PEM_BYTES_MAX || found.len() > CHAIN_MAX {
        return Err(malformed());
    }
    let mut found = found.into_iter();
    let own = found.next().ok_or_else(malformed)?;
    Ok((own, found.collect()))
}

/// Whether each block is a certificate (RFC 7468).
pub(crate) fn holds_certificates_alone(pem: &str) -> bool {
    let mut blocks = pem.split("-----BEGIN ").skip(1);
    blocks.all(|block| block.starts_with("CERTIFICATE-----"))
}

/// Has the certificate shown to whoever asks for one.
pub(crate) fn show(
    connector: &mut SslConnectorBuilder,
    certificate: &str,
    key: Option<&ClientKey>,
) -> Result<(), Failure> {
    let key = key.ok_or_else(|| Failure::ClientKey("there is none here; set it".into()))?;
    check_key(certificate, key)?;
    let (own, between) = chain(certificate)?;
    check_time(&own)?;
    let key = key.parse()?;
    let set = || -> Result<(), ErrorStack> {
        connector.set_certificate(&own)?;
        for between in between {
            connector.add_extra_chain_cert(between)?;
        }
        connector.set_private_key(&key)
    };
    set().map_err(|error| Failure::ClientCertificate(plain(&error.to_string())))
}

fn check_time(own: &X509Ref) -> Result<(), Failure> {
    let now = Asn1Time::days_from_now(0);
    let now = now.map_err(|error| Failure::Inside(plain(&error.to_string())))?;
    let (begins, ends) = (own.not_before(), own.not_after());
    if ends < &*now || begins > &*now {
        let why = format!("it is not valid now (from {begins} to {ends})");
        return Err(Failure::ClientCertificate(why));
    }
    Ok(())
}

/// Whose certificate is shown, and until when it is good: for the report.
pub(crate) fn said(pem: &str) -> Option<String> {
    let (own, _) = chain(pem).ok()?;
    let subject = tls::text(own.subject_name());
    Some(format!("{subject}, until {}", own.not_after()))
}
