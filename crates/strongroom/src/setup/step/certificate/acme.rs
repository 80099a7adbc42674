//! A certificate from an authority that speaks ACME (RFC 8555), by Debian's acme-tiny: our key and request, its proof over
//! plain HTTP, which the server answers out of a folder (`server::proof`).
//!
//! Invariant: what was in place stays until a certificate has come that is good for this server.

use super::{fault, server_key, write_key};
use crate::{
    certificate,
    failure::{CommandError, Exit},
    setup::site::Site,
};
use ::host::{
    run::{Call, Program},
    write,
};
use config::Acme;
use nix::sys::stat::{Mode, umask};
use openssl::{pkey::PKey, rsa::Rsa};
use std::{ffi::OsStr, time::Duration};
use zeroize::Zeroizing;

/// acme-tiny signs for its account with RSA only.
const ACCOUNT_KEY_BITS: u32 = 3072;
/// Authorities let people wait for seconds; one that does not answer in this time is asked again by the timer.
const DEADLINE: Duration = Duration::from_secs(180);

/// Orders a certificate and puts it in its place.
pub(in crate::setup::step) fn order(site: &Site, acme: &Acme) -> Result<(), CommandError> {
    let key = server_key(site)?;
    let name = &site.answers.server.name;
    let request = certificate::request(name, &key).map_err(CommandError::tls("cannot make the request"))?;
    write::file(&site.request(), &request, site.shared(0o644))?;
    make_account_key(site)?;
    write::folder(&acme.proofs, site.shared(0o750))?;
    let chain = ask(site, acme)?;
    let pem = key.private_key_to_pem_pkcs8().map(Zeroizing::new);
    let pem = pem.map_err(CommandError::tls("cannot look at the key"))?;
    let leaf = certificate::load(chain.as_bytes(), &pem).map_err(|what| refused(acme, what))?;
    if let Some((what, _)) = fault(site, &leaf)? {
        return Err(refused(acme, &what));
    }
    write::file(&site.certificate(), chain.as_bytes(), site.shared(0o644))?;
    Ok(())
}

fn make_account_key(site: &Site) -> Result<(), CommandError> {
    let place = site.acme_account();
    if write::look(&place)?.is_some() {
        return Ok(());
    }
    let key = Rsa::generate(ACCOUNT_KEY_BITS).and_then(PKey::from_rsa);
    let key = key.map_err(CommandError::tls("cannot make a key for the account"))?;
    write_key(&place, &key, site)
}

/// The chain in PEM.
fn ask(site: &Site, acme: &Acme) -> Result<String, CommandError> {
    let (account, request) = (site.acme_account(), site.request());
    let pairs: [(&str, &OsStr); 4] = [
        ("--account-key", account.as_os_str()),
        ("--csr", request.as_os_str()),
        ("--acme-dir", acme.proofs.as_os_str()),
        ("--directory-url", OsStr::new(acme.directory.as_str())),
    ];
    let call = Call::new(Program::AcmeTiny)
        .with(pairs.iter().flat_map(|(name, value)| [OsStr::new(name), value]))
        // The authority looks for itself; this machine may not find its own name.
        .with(["--quiet", "--disable-check"])
        .within(DEADLINE);
    let call = match &acme.trust {
        Some(trust) => call.trusting(trust),
        None => call,
    };
    // The server reads the proof, whatever the mask of whoever runs this; what is written elsewhere names its mode.
    let before = umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let said = call.ask();
    umask(before);
    let said = said?;
    if said.code == Some(0) {
        return Ok(said.output);
    }
    let last = said.errors.lines().rev().find(|line| !line.trim().is_empty());
    Err(refused(acme, last.unwrap_or("it did not say why")))
}

fn refused(acme: &Acme, what: &str) -> CommandError {
    let shown: String = what.chars().filter(|c| !c.is_control()).take(600).collect();
    CommandError::said(
        Exit::Failed,
        format!(
            "{} gave no certificate: {shown}; the one in place stays, and the next try is within the hour",
            acme.directory
        ),
    )
}
