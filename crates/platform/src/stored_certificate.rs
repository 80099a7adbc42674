//! When the certificates end that are stored with settings: authorities to trust, and our own ones towards others.
//!
//! Invariant: every setting in the database that has one is asked here; who stores another adds it.

use crate::{
    Caller, Platform, directories,
    error::{PlatformError, Result},
    forwarding, mail, operator, provider, sms, webhook,
};
use jiff::Timestamp;
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    x509::{X509, X509NameRef},
};
use types::ProblemCode;

/// Longest subject that is told, in characters.
const SUBJECT_MAX: usize = 200;

/// What a stored certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// One of the authorities of whoever is there.
    Authority,
    /// Our own, and those between it and its authority.
    Own,
}

/// A certificate that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// With what: `directory harbour`, `mail`.
    pub place: String,
    /// What it is for.
    pub role: Role,
    /// Whose it is.
    pub subject: String,
    /// Its last moment.
    pub ends_at: Timestamp,
}

/// Every stored certificate, place by place.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator; `unavailable`; `internal` when a stored one does not read.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<StoredCertificate>> {
    operator::require(caller)?;
    let mut found = Vec::new();
    for view in directories::list(platform, caller).await? {
        let place = format!("directory {}", view.key);
        let directories::settings::Settings {
            authorities,
            client_certificate,
            ..
        } = view.settings;
        read(&mut found, &place, Role::Authority, authorities.as_deref())?;
        read(&mut found, &place, Role::Own, client_certificate.as_deref())?;
    }
    for view in provider::list(platform, caller).await? {
        let place = format!("provider {}", view.key);
        read(
            &mut found,
            &place,
            Role::Authority,
            view.settings.authority_pem.as_deref(),
        )?;
    }
    if let Some(view) = mail::show(platform, caller).await? {
        read(
            &mut found,
            "mail",
            Role::Authority,
            view.settings.authority_pem.as_deref(),
        )?;
    }
    if let Some(view) = sms::show(platform, caller).await? {
        read(
            &mut found,
            "sms",
            Role::Authority,
            view.settings.authority_pem.as_deref(),
        )?;
    }
    if let Some(view) = webhook::show(platform, caller).await? {
        read(
            &mut found,
            "webhook",
            Role::Authority,
            view.settings.authority_pem.as_deref(),
        )?;
    }
    if let Some(view) = forwarding::show(platform, caller).await? {
        let settings = view.settings;
        read(
            &mut found,
            "forwarding",
            Role::Authority,
            Some(&settings.authority_pem),
        )?;
        read(
            &mut found,
            "forwarding",
            Role::Own,
            settings.certificate_pem.as_deref(),
        )?;
    }
    Ok(found)
}

fn read(found: &mut Vec<StoredCertificate>, place: &str, role: Role, pem: Option<&str>) -> Result<()> {
    let Some(pem) = pem else { return Ok(()) };
    let broken = |_: ErrorStack| {
        let text = format!("a certificate that is stored with {place} does not read; set it anew");
        PlatformError::new(ProblemCode::Unavailable, text)
    };
    for certificate in X509::stack_from_pem(pem.as_bytes()).map_err(broken)? {
        found.push(StoredCertificate {
            place: place.to_owned(),
            role,
            subject: subject(certificate.subject_name()),
            ends_at: moment(certificate.not_after()).map_err(broken)?,
        });
    }
    Ok(())
}

/// A time of OpenSSL's. What lies beyond what can be said is the last moment that can.
fn moment(time: &Asn1TimeRef) -> std::result::Result<Timestamp, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Ok(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

fn subject(name: &X509NameRef) -> String {
    let parts = name.entries().filter_map(|entry| {
        let key = entry.object().nid().short_name().ok()?;
        Some(format!("{key}={}", entry.data().to_string().ok()?))
    });
    let text = parts.collect::<Vec<String>>().join(", ");
    text.chars()
        .filter(|c| !c.is_control())
        .take(SUBJECT_MAX)
        .collect()
}
