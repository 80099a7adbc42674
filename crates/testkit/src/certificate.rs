//! A certificate authority for one machine, and leaves for localhost, as files.
//!
//! Invariants: keys are written with mode 0600; leaves carry what RFC 5280 asks of them (key usage, basic
//! constraints, subject and authority key identifiers) so that strict verifiers accept them.
//! Start at [`Authority::create`] or, for a folder that keeps them, [`Files::ensure`].

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

use crate::secret;

const AUTHORITY_DAYS: u32 = 3650;
/// Below the 398 days that browsers allow a leaf.
const LEAF_DAYS: u32 = 365;
/// A kept leaf that ends sooner is made anew.
const LEAF_DAYS_LEFT_MIN: u32 = 30;

/// A key and its certificate.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The private key (P-256).
    pub key: PKey<Private>,
    /// The certificate.
    pub certificate: X509,
}

impl Identity {
    /// The key in PEM (PKCS #8).
    pub fn key_pem(&self) -> Result<String> {
        Ok(String::from_utf8(self.key.private_key_to_pem_pkcs8()?)?)
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> Result<String> {
        Ok(String::from_utf8(self.certificate.to_pem()?)?)
    }
}

/// When a leaf is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// From now on.
    Now,
    /// Through the year 2020.
    Over,
}

/// A certificate authority.
#[derive(Debug, Clone)]
pub struct Authority {
    identity: Identity,
}

impl Authority {
    /// A new authority with this common name.
    pub fn create(name: &str) -> Result<Self> {
        let key = new_key()?;
        let subject = subject(name)?;
        let mut builder = builder(&subject, &subject, &key, AUTHORITY_DAYS)?;
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(identifier)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self {
            identity: Identity {
                key,
                certificate: builder.build(),
            },
        })
    }

    /// The authority's own certificate: what clients trust.
    pub fn certificate(&self) -> &X509 {
        &self.identity.certificate
    }

    /// The authority's certificate in PEM.
    pub fn certificate_pem(&self) -> Result<String> {
        self.identity.certificate_pem()
    }

    /// A server certificate for these names; what parses as an address becomes an address.
    pub fn issue(&self, names: &[&str]) -> Result<Identity> {
        self.issue_valid(names, Validity::Now)
    }

    /// The same, valid now or not any more.
    pub fn issue_valid(&self, names: &[&str], validity: Validity) -> Result<Identity> {
        self.issue_for(names, validity, ExtendedKeyUsage::new().server_auth())
    }

    /// A client's certificate for this name.
    pub fn issue_client(&self, name: &str) -> Result<Identity> {
        self.issue_client_valid(name, Validity::Now)
    }

    /// The same, valid now or not any more.
    pub fn issue_client_valid(&self, name: &str, validity: Validity) -> Result<Identity> {
        self.issue_for(&[name], validity, ExtendedKeyUsage::new().client_auth())
    }

    fn issue_for(&self, names: &[&str], validity: Validity, usage: &ExtendedKeyUsage) -> Result<Identity> {
        let key = new_key()?;
        let issuer = self.certificate().subject_name();
        let first = names.first().context("a leaf needs a name")?;
        let mut builder = builder(subject(first)?.as_ref(), issuer, &key, LEAF_DAYS)?;
        if validity == Validity::Over {
            builder.set_not_before(&*Asn1Time::from_unix(1_577_836_800)?)?;
            builder.set_not_after(&*Asn1Time::from_unix(1_609_459_200)?)?;
        }
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        builder.append_extension(usage.build()?)?;
        let context = builder.x509v3_context(Some(self.certificate()), None);
        let alternatives = alternative_names(names).build(&context)?;
        let own_identifier = SubjectKeyIdentifier::new().build(&context)?;
        let issuer_identifier = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        for extension in [alternatives, own_identifier, issuer_identifier] {
            builder.append_extension(extension)?;
        }
        builder.sign(&self.identity.key, MessageDigest::sha256())?;
        Ok(Identity {
            key,
            certificate: builder.build(),
        })
    }

    /// A server certificate for `localhost`, 127.0.0.1 and ::1.
    pub fn issue_localhost(&self) -> Result<Identity> {
        self.issue(&["localhost", "127.0.0.1", "::1"])
    }
}

/// Certificates for localhost, kept in a folder.
#[derive(Debug, Clone)]
pub struct Files {
    /// The authority's certificate, for clients. Its key is not kept: nobody can issue more with it.
    pub authority: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's key, mode 0600.
    pub key: PathBuf,
}

impl Files {
    /// The files in the folder; made when one is missing or the leaf ends within thirty days.
    pub fn ensure(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let files = Self {
            authority: folder.join("authority.pem"),
            certificate: folder.join("localhost.pem"),
            key: folder.join("localhost.key"),
        };
        if !files.are_good() {
            files.write()?;
        }
        Ok(files)
    }

    /// The pin that tells a browser to trust exactly this leaf (see [`pin`]).
    pub fn pin(&self) -> Result<String> {
        pin(&X509::from_pem(&fs::read(&self.certificate)?)?)
    }

    fn are_good(&self) -> bool {
        let read = || -> Result<bool> {
            let leaf = X509::from_pem(&fs::read(&self.certificate)?)?;
            let authority = X509::from_pem(&fs::read(&self.authority)?)?;
            let key = PKey::private_key_from_pem(&fs::read(&self.key)?)?;
            let lasts = leaf.not_after() > &*Asn1Time::days_from_now(LEAF_DAYS_LEFT_MIN)?;
            Ok(lasts && leaf.verify(authority.public_key()?.as_ref())? && leaf.public_key()?.public_eq(&key))
        };
        read().unwrap_or(false)
    }

    fn write(&self) -> Result<()> {
        let authority = Authority::create("Strongroom development authority")?;
        let leaf = authority.issue_localhost()?;
        fs::write(&self.authority, authority.certificate_pem()?)?;
        fs::write(&self.certificate, leaf.certificate_pem()?)?;
        secret::write_private(&self.key, &leaf.key_pem()?)
    }
}

/// SHA-256 over the certificate's public key information, in base64: what Chromium's
/// `--ignore-certificate-errors-spki-list` takes.
pub fn pin(certificate: &X509) -> Result<String> {
    let public_key = certificate.public_key()?.public_key_to_der()?;
    Ok(STANDARD.encode(hash(MessageDigest::sha256(), &public_key)?))
}

fn new_key() -> Result<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

fn subject(common_name: &str) -> Result<X509Name> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

/// Version 3 with a random serial of 159 bits (RFC 5280 allows 20 octets and a positive number).
fn builder(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    days: u32,
) -> Result<X509Builder> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(days)?)?;
    Ok(builder)
}

fn alternative_names(names: &[&str]) -> SubjectAlternativeName {
    let mut alternatives = SubjectAlternativeName::new();
    for name in names {
        match name.parse::<IpAddr>() {
            Ok(_) => alternatives.ip(name),
            Err(_) => alternatives.dns(name),
        };
    }
    alternatives
}

#[cfg(test)]
mod tests;
