//! Certificates from an authority that set-up makes on this machine.

use super::{fault, server_key, write_key};
use crate::{
    certificate::{Authority, Leaf},
    failure::CommandError,
    setup::{
        site::{AUTHORITY_KEY, Site},
        step::Standing,
    },
};
use ::host::write;
use openssl::{pkey::PKey, x509::X509};
use zeroize::Zeroizing;

pub(super) fn look(site: &Site, present: Option<&Leaf>) -> Result<Standing, CommandError> {
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
    if leaf
        .is_due()
        .map_err(CommandError::tls("cannot look at the certificate"))?
        || !is_ours(site, leaf)?
    {
        return Ok(Standing::ToDo(issue));
    }
    let place = site.authority();
    Ok(Standing::Done(format!(
        "for {name}, {days} days left; browsers must trust {}",
        place.display()
    )))
}

/// Whether our own authority signed it.
pub(in crate::setup::step) fn is_ours(site: &Site, leaf: &Leaf) -> Result<bool, CommandError> {
    let authority = write::read(&site.authority())?.and_then(|pem| X509::from_pem(&pem).ok());
    let key = authority.and_then(|authority| authority.public_key().ok());
    let signed = leaf.chain.first().zip(key);
    Ok(signed.is_some_and(|(leaf, key)| leaf.verify(&key).unwrap_or(false)))
}

/// The authority first, then the leaf: an interruption leaves an authority without leaves, which the next run
/// uses.
pub(in crate::setup::step) fn issue(site: &Site) -> Result<(), CommandError> {
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
