//! The server's certificate: from our own authority, from files, or from whoever signs our request.

use super::Standing;
use crate::{
    certificate::{self, Authority, Leaf, load},
    failure::{CommandError, Exit},
    setup::{
        answers::Certificate,
        site::{AUTHORITY_KEY, Site, TLS_KEY},
    },
};
use ::host::write;
use openssl::{
    pkey::{PKey, Private},
    x509::{X509, X509Req},
};
use std::{fs, path::Path};
use zeroize::Zeroizing;

/// Our own authority issues anew when fewer are left.
const DAYS_LEFT_MIN: i32 = 30;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let present = present(site)?;
    match &site.answers.certificate {
        Certificate::OwnAuthority => own(site, present.as_ref()),
        Certificate::Files { certificate, key } => files(site, present.as_ref(), certificate, key),
        Certificate::Request => requested(site, present.as_ref()),
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    match &site.answers.certificate {
        Certificate::OwnAuthority => issue(site),
        Certificate::Files { certificate, key } => {
            let (chain, key) = given(certificate, key)?;
            write::file(&site.credential(TLS_KEY), &key, site.private(0o600))?;
            write::file(&site.certificate(), &chain, site.shared(0o644))?;
            Ok(())
        }
        Certificate::Request => {
            let key = server_key(site)?;
            let request = certificate::request(&site.answers.server.name, &key);
            let request = request.map_err(CommandError::tls("cannot make the request"))?;
            write::file(&site.request(), &request, site.shared(0o644))?;
            Ok(())
        }
    }
}

/// The certificate and key that are in their places; none where they are missing or do not fit together yet.
fn present(site: &Site) -> Result<Option<Leaf>, CommandError> {
    let chain = write::read(&site.certificate())?;
    let key = write::read(&site.credential(TLS_KEY))?.map(Zeroizing::new);
    Ok(chain.zip(key).and_then(|(chain, key)| load(&chain, &key).ok()))
}

/// The first thing that is wrong with it for this server.
fn fault(site: &Site, leaf: &Leaf) -> Result<Option<(String, &'static str)>, CommandError> {
    let faults = leaf.faults(&site.answers.server.name);
    let faults = faults.map_err(CommandError::tls("cannot look at the certificate"))?;
    Ok(faults.into_iter().next())
}

fn own(site: &Site, present: Option<&Leaf>) -> Result<Standing, CommandError> {
    let name = &site.answers.server.name;
    let issue = format!("issue a certificate for {name} from an authority of this machine's own");
    let Some(leaf) = present else {
        return Ok(Standing::ToDo(issue));
    };
    if let Some((what, _)) = fault(site, leaf)? {
        return Ok(Standing::ToDo(format!("{issue}, because {what}")));
    }
    let days = leaf
        .days_left()
        .map_err(CommandError::tls("cannot look at the certificate"))?;
    let authority = write::read(&site.authority())?.and_then(|pem| X509::from_pem(&pem).ok());
    let ours = |authority: &X509| {
        let key = authority.public_key().ok();
        leaf.chain
            .first()
            .zip(key)
            .is_some_and(|(leaf, key)| leaf.verify(&key).unwrap_or(false))
    };
    if days < DAYS_LEFT_MIN || !authority.as_ref().is_some_and(ours) {
        return Ok(Standing::ToDo(issue));
    }
    let place = site.authority();
    Ok(Standing::Done(format!(
        "for {name}, {days} days left; browsers must trust {}",
        place.display()
    )))
}

/// The authority first, then the leaf: an interruption leaves an authority without leaves, which the next run
/// uses.
fn issue(site: &Site) -> Result<(), CommandError> {
    let failed = || CommandError::tls("cannot issue the certificate");
    let authority = authority(site)?;
    let key = server_key(site)?;
    let leaf = authority
        .issue(&site.answers.server.name, &key)
        .map_err(failed())?;
    let pem = leaf.to_pem().map_err(failed())?;
    write::file(&site.certificate(), &pem, site.shared(0o644))?;
    Ok(())
}

/// The authority of this machine; made if it is not there, or if only half of it is.
fn authority(site: &Site) -> Result<Authority, CommandError> {
    let place = site.credential(AUTHORITY_KEY);
    let key = write::read(&place)?.map(Zeroizing::new);
    let key = key.and_then(|pem| PKey::private_key_from_pem(&pem).ok());
    let certificate = write::read(&site.authority())?.and_then(|pem| X509::from_pem(&pem).ok());
    if let (Some(key), Some(certificate)) = (key, certificate)
        && certificate
            .public_key()
            .is_ok_and(|public| public.public_eq(&key))
    {
        return Ok(Authority { key, certificate });
    }
    let failed = || CommandError::tls("cannot make the certificate authority");
    let made = Authority::create(&site.answers.server.name).map_err(failed())?;
    write_key(&place, &made.key, site)?;
    let pem = made.certificate.to_pem().map_err(failed())?;
    write::file(&site.authority(), &pem, site.shared(0o644))?;
    Ok(made)
}

/// The server's key; made if it is not there.
fn server_key(site: &Site) -> Result<PKey<Private>, CommandError> {
    let place = site.credential(TLS_KEY);
    let pem = write::read(&place)?.map(Zeroizing::new);
    if let Some(key) = pem.and_then(|pem| PKey::private_key_from_pem_callback(&pem, |_| Ok(0)).ok()) {
        return Ok(key);
    }
    let key = certificate::new_key().map_err(CommandError::tls("cannot make a key"))?;
    write_key(&place, &key, site)?;
    Ok(key)
}

fn write_key(place: &Path, key: &PKey<Private>, site: &Site) -> Result<(), CommandError> {
    let pem = key
        .private_key_to_pem_pkcs8()
        .map_err(CommandError::tls("cannot write a key"))?;
    write::file(place, &Zeroizing::new(pem), site.private(0o600))?;
    Ok(())
}

fn files(site: &Site, present: Option<&Leaf>, chain: &Path, key: &Path) -> Result<Standing, CommandError> {
    let (given_chain, given_key) = given(chain, key)?;
    let placed = write::read(&site.certificate())?.as_deref() == Some(given_chain.as_slice());
    let placed = placed && write::read(&site.credential(TLS_KEY))?.as_deref() == Some(given_key.as_slice());
    match present {
        Some(leaf) if placed => {
            if let Some((what, advice)) = fault(site, leaf)? {
                return Err(CommandError::said(
                    Exit::Failed,
                    format!("{}: {what}; {advice}", chain.display()),
                ));
            }
            let days = leaf
                .days_left()
                .map_err(CommandError::tls("cannot look at the certificate"))?;
            Ok(Standing::Done(format!(
                "as in {}, {days} days left",
                chain.display()
            )))
        }
        _ => Ok(Standing::ToDo(format!(
            "put {} and its key in place",
            chain.display()
        ))),
    }
}

/// The files that the answers name.
fn given(chain: &Path, key: &Path) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), CommandError> {
    let read =
        |path: &Path| fs::read(path).map_err(CommandError::io(format!("cannot read {}", path.display())));
    Ok((read(chain)?, Zeroizing::new(read(key)?)))
}

/// What is wrong with the files that the answers name; nothing where they name none.
pub(in crate::setup) fn given_faults(site: &Site) -> Result<Option<(String, &'static str)>, CommandError> {
    let Certificate::Files { certificate, key } = &site.answers.certificate else {
        return Ok(None);
    };
    let (chain, key) = given(certificate, key)?;
    match load(&chain, &key) {
        Ok(leaf) => fault(site, &leaf),
        Err(what) => Ok(Some((what.to_owned(), "name files in PEM"))),
    }
}

fn requested(site: &Site, present: Option<&Leaf>) -> Result<Standing, CommandError> {
    let name = &site.answers.server.name;
    if let Some(leaf) = present
        && fault(site, leaf)?.is_none()
    {
        let days = leaf
            .days_left()
            .map_err(CommandError::tls("cannot look at the certificate"))?;
        return Ok(Standing::Done(format!("for {name}, {days} days left")));
    }
    let key = write::read(&site.credential(TLS_KEY))?.map(Zeroizing::new);
    let key = key.and_then(|pem| PKey::private_key_from_pem_callback(&pem, |_| Ok(0)).ok());
    let request = write::read(&site.request())?.and_then(|pem| X509Req::from_pem(&pem).ok());
    let fits = request
        .zip(key)
        .is_some_and(|(request, key)| request.verify(&key).unwrap_or(false));
    if !fits {
        return Ok(Standing::ToDo(format!(
            "make a key and a request for a certificate for {name}"
        )));
    }
    Ok(Standing::Waiting(format!(
        "have {} signed, put the chain at {}, then run setup again",
        site.request().display(),
        site.certificate().display()
    )))
}
