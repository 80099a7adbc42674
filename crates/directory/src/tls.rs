//! Trust: the bundle of the settings or the system's authorities, partial chains allowed, names in the certificate's subject
//! alternative names only (RFC 9525).
//!
//! Invariant: whatever fails is known by its cause: verify codes of OpenSSL become sentences.

use std::sync::{Arc, Mutex, PoisonError};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags};
use openssl::x509::{X509, X509NameRef, X509Ref, X509VerifyResult};

use crate::{
    client,
    failure::{Failure, plain},
    settings::Settings,
};

/// What a server's certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// Whose it is.
    pub(crate) subject: String,
    /// Who issued it.
    pub(crate) issuer: String,
    /// Its first moment, as OpenSSL prints it.
    pub(crate) begins: String,
    /// Its last moment.
    pub(crate) ends: String,
    /// Whole days until then.
    pub(crate) days: Option<i64>,
    /// The names in it.
    pub(crate) names: String,
}

/// What the verification saw, filled while the handshake runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<(Option<Certificate>, Option<X509VerifyResult>)>>);

impl Seen {
    fn note(&self, leaf: Option<Certificate>, error: Option<X509VerifyResult>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if leaf.is_some() {
            seen.0 = leaf;
        }
        // The first error is the cause; later ones follow from it.
        if seen.1.is_none() {
            seen.1 = error;
        }
    }

    pub(crate) fn certificate(&self) -> Option<Certificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Why the handshake with this server failed.
    pub(crate) fn failure(&self, server: &str, cause: &openssl::ssl::Error) -> Failure {
        let (certificate, error) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let server = server.to_owned();
        let (Some(certificate), Some(error)) = (certificate, error) else {
            return handshake(server, cause);
        };
        match error.as_raw() {
            9 | 10 => Failure::Validity {
                server,
                begins: certificate.begins,
                ends: certificate.ends,
            },
            62 | 64 => Failure::WrongName {
                server,
                names: certificate.names,
            },
            _ => Failure::Authority {
                server,
                issuer: certificate.issuer,
                verdict: error.error_string().to_owned(),
            },
        }
    }
}

fn handshake(server: String, cause: &openssl::ssl::Error) -> Failure {
    let reason = cause
        .ssl_error()
        .and_then(|stack| stack.errors().first().and_then(|error| error.reason()));
    match reason {
        Some(
            "wrong version number" | "packet length too long" | "unexpected message" | "record layer failure",
        ) => Failure::NoTls { server },
        Some(reason) => alerted(server, reason),
        None => Failure::NoTls { server },
    }
}

/// What an alert of the server means, in OpenSSL's words: some are about the certificate that it was shown, or was not (RFC 8446
/// section 6.2).
pub(crate) fn alerted(server: String, reason: &str) -> Failure {
    let cause = plain(reason);
    let is_of_client = reason.contains("alert")
        && ["certificate", "unknown ca", "access denied", "decrypt error"]
            .iter()
            .any(|words| reason.contains(words));
    match is_of_client {
        true => Failure::ClientRefused { server, cause },
        false => Failure::Tls { server, cause },
    }
}

/// A client's side of TLS for this host, and what it will have seen.
pub(crate) fn prepare(host: &str, settings: &Settings) -> Result<(Ssl, Seen), Failure> {
    let unusable = |error: ErrorStack| Failure::Settings(plain(&error.to_string()));
    let (mut connector, seen) = trusting(settings.authorities.as_deref()).map_err(unusable)?;
    if let Some(certificate) = &settings.client_certificate {
        client::show(&mut connector, certificate, settings.client_key.as_ref())?;
    }
    Ok((finish(connector, host).map_err(unusable)?, seen))
}

fn trusting(authorities: Option<&str>) -> Result<(SslConnectorBuilder, Seen), ErrorStack> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    if let Some(pem) = authorities {
        let mut store = X509StoreBuilder::new()?;
        for certificate in X509::stack_from_pem(pem.as_bytes())? {
            store.add_cert(certificate)?;
        }
        // An authority that is itself issued by another may be trusted without it.
        store.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        connector.set_cert_store(store.build());
    }
    let seen = Seen::default();
    let noted = seen.clone();
    connector.set_verify_callback(SslVerifyMode::PEER, move |good, context| {
        let leaf = context
            .current_cert()
            .filter(|_| context.error_depth() == 0)
            .map(describe);
        noted.note(leaf, (!good).then(|| context.error()));
        good
    });
    Ok((connector, seen))
}

fn finish(connector: SslConnectorBuilder, host: &str) -> Result<Ssl, ErrorStack> {
    let mut ssl = connector.build().configure()?.into_ssl(host)?;
    ssl.param_mut()
        .set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    Ok(ssl)
}

fn days_until(end: &Asn1TimeRef) -> Option<i64> {
    let now = Asn1Time::days_from_now(0).ok()?;
    now.diff(end).ok().map(|left| i64::from(left.days))
}

fn describe(certificate: &X509Ref) -> Certificate {
    let names = certificate.subject_alt_names();
    let names: Vec<String> = names.iter().flatten().take(20).filter_map(name).collect();
    Certificate {
        subject: text(certificate.subject_name()),
        issuer: text(certificate.issuer_name()),
        begins: certificate.not_before().to_string(),
        ends: certificate.not_after().to_string(),
        days: days_until(certificate.not_after()),
        names: if names.is_empty() {
            "no name at all".to_owned()
        } else {
            names.join(", ")
        },
    }
}

fn name(name: &openssl::x509::GeneralNameRef) -> Option<String> {
    let address = || match name.ipaddress()? {
        [a, b, c, d] => Some(format!("{a}.{b}.{c}.{d}")),
        long => Some(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(long).ok()?).to_string()),
    };
    name.dnsname().map(plain).or_else(address)
}

pub(crate) fn text(name: &X509NameRef) -> String {
    let parts = name.entries().filter_map(|entry| {
        let key = entry.object().nid().short_name().ok()?;
        Some(format!("{key}={}", entry.data().to_string().ok()?))
    });
    plain(&parts.collect::<Vec<String>>().join(", "))
}
