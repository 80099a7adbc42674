//! The server's certificate: from our own authority, from files, from whoever signs our request, or from an authority that
//! speaks ACME. That one asks the running server for a proof, so the server begins with a certificate of our own, and
//! [`super::renewal`] asks.

mod acme;
mod own;

pub(super) use acme::order;
pub(super) use own::is_ours;

use super::Standing;
use crate::{
    certificate::{self, Leaf, load},
    failure::{CommandError, Exit},
    setup::{
        answers::Certificate,
        site::{Site, TLS_KEY},
    },
};
use ::host::write;
use openssl::{
    pkey::{PKey, Private},
    x509::X509Req,
};
use std::{fs, path::Path};
use zeroize::Zeroizing;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let present = present(site)?;
    match &site.answers.certificate {
        Certificate::OwnAuthority => own::look(site, present.as_ref()),
        Certificate::Acme(_) => until_asked(site, present.as_ref()),
        Certificate::Files { certificate, key } => files(site, present.as_ref(), certificate, key),
        Certificate::Request => requested(site, present.as_ref()),
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    match &site.answers.certificate {
        Certificate::OwnAuthority | Certificate::Acme(_) => own::issue(site),
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

/// Makes or orders the next one, whatever the one in place is good for.
pub(in crate::setup) fn renew(site: &Site) -> Result<(), CommandError> {
    match &site.answers.certificate {
        Certificate::OwnAuthority => own::issue(site),
        Certificate::Acme(acme) => order(site, acme),
        Certificate::Files { .. } | Certificate::Request => Err(CommandError::said(
            Exit::Failed,
            "this certificate was made elsewhere; have the next made there, and run `strongroom setup` with its files",
        )),
    }
}

/// Whatever a browser takes will do until the authority has answered.
fn until_asked(site: &Site, present: Option<&Leaf>) -> Result<Standing, CommandError> {
    let name = &site.answers.server.name;
    match present {
        Some(leaf) if fault(site, leaf)?.is_none() => Ok(Standing::Done(format!("for {name}"))),
        Some(_) | None => Ok(Standing::ToDo(format!(
            "begin with a certificate for {name} from an authority of this machine's own"
        ))),
    }
}

/// The certificate and key that are in their places; none where they are missing or do not fit together yet.
pub(in crate::setup) fn present(site: &Site) -> Result<Option<Leaf>, CommandError> {
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
