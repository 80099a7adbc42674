//! Certificates on the host: our own authority, what it issues, requests to others, and what a certificate
//! file is worth.
//!
//! Invariant: what we issue carries what RFC 5280 and CA/B Forum's rules ask of it (key usage, basic
//! constraints, subject and authority key identifiers, alternative names), so that strict clients accept it.

mod look;

pub(crate) use look::{Leaf, load};

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    stack::Stack,
    x509::{
        X509, X509Builder, X509Name, X509NameBuilder, X509NameRef, X509Req,
        extension::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
            SubjectKeyIdentifier,
        },
    },
};
use std::net::IpAddr;

const AUTHORITY_DAYS: u32 = 3650;
/// Below the 398 days that browsers allow a leaf.
const LEAF_DAYS: u32 = 365;

/// An authority of this machine's own.
pub(crate) struct Authority {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

impl Authority {
    /// A new one; its name tells machines apart where browsers list what they trust.
    pub(crate) fn create(host: &str) -> Result<Self, ErrorStack> {
        let key = new_key()?;
        // The common name has at most 64 characters (RFC 5280, ub-common-name).
        let name: String = format!("Strongroom {host}").chars().take(64).collect();
        let subject = named(&name)?;
        let mut builder = builder(&subject, &subject, &key, AUTHORITY_DAYS)?;
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(identifier)?;
        builder.sign(&key, MessageDigest::sha256())?;
        let certificate = builder.build();
        Ok(Self { key, certificate })
    }

    /// A server's certificate for a name or address.
    pub(crate) fn issue(&self, host: &str, key: &PKey<Private>) -> Result<X509, ErrorStack> {
        let subject = subject_of(host)?;
        let mut builder = builder(&subject, self.certificate.subject_name(), key, LEAF_DAYS)?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let alternative = alternative_name(host).build(&context)?;
        let own = SubjectKeyIdentifier::new().build(&context)?;
        let issuer = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        for extension in [alternative, own, issuer] {
            builder.append_extension(extension)?;
        }
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(builder.build())
    }
}

/// A new key on P-256, which every client knows.
pub(crate) fn new_key() -> Result<PKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

/// A request for a certificate (PKCS #10) in PEM.
pub(crate) fn request(host: &str, key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    let mut builder = X509Req::builder()?;
    builder.set_subject_name(subject_of(host)?.as_ref())?;
    builder.set_pubkey(key)?;
    let alternative = alternative_name(host).build(&builder.x509v3_context(None))?;
    let mut extensions = Stack::new()?;
    extensions.push(alternative)?;
    builder.add_extensions(&extensions)?;
    builder.sign(key, MessageDigest::sha256())?;
    builder.build().to_pem()
}

/// Version 3 with a random serial of 159 bits (RFC 5280 allows 20 octets and a positive number).
fn builder(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKey<Private>,
    days: u32,
) -> Result<X509Builder, ErrorStack> {
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

fn named(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

/// Clients read the alternative name only; a host that is too long for the common name has none.
fn subject_of(host: &str) -> Result<X509Name, ErrorStack> {
    match host.len() {
        0..=64 => named(host),
        _ => Ok(X509NameBuilder::new()?.build()),
    }
}

fn alternative_name(host: &str) -> SubjectAlternativeName {
    let mut name = SubjectAlternativeName::new();
    match host.parse::<IpAddr>() {
        Ok(_) => name.ip(host),
        Err(_) => name.dns(host),
    };
    name
}

#[cfg(test)]
mod tests;
