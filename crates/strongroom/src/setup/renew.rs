//! `strongroom certificate`: how the server's certificate stands, and the next one before it ends.
//!
//! Invariant: it takes set-up's own steps, so that what renews is what made; the server finds the new file by itself.

use super::{
    Report,
    answers::Certificate,
    site::Site,
    step::{self, Run, Step},
    take,
};
use crate::failure::{CommandError, Exit};
use ::host::account;
use config::{Config, Environment};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How the certificate stands.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// The name that it must be for.
    pub(crate) name: String,
    /// Who makes the next: `own-authority`, `acme`, `others`.
    pub(crate) source: &'static str,
    /// The authority's directory, for `acme`.
    pub(crate) directory: Option<String>,
    /// Whole days; nothing where there is none that can be read.
    pub(crate) days_left: Option<i32>,
    /// It is time for the next.
    pub(crate) is_due: bool,
    pub(crate) file: PathBuf,
}

/// When the next is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// When the one in place is near its end.
    InTime,
    /// At once.
    Now,
}

/// Looks.
pub(crate) fn look(settings: &Path) -> Result<Shown, CommandError> {
    let site = site(settings)?;
    let leaf = step::present_certificate(&site)?;
    let failed = || CommandError::tls("cannot look at the certificate");
    let days_left = leaf.as_ref().map(|leaf| leaf.days_left().map_err(failed()));
    let is_due = leaf.as_ref().map(|leaf| leaf.is_due().map_err(failed()));
    Ok(Shown {
        source: match site.answers.certificate {
            Certificate::OwnAuthority => "own-authority",
            Certificate::Acme(_) => "acme",
            Certificate::Files { .. } | Certificate::Request => "others",
        },
        directory: site.acme().map(|acme| acme.directory.to_string()),
        days_left: days_left.transpose()?,
        is_due: is_due.transpose()?.unwrap_or(true),
        file: site.certificate(),
        name: site.answers.server.name,
    })
}

/// Gets the next certificate, where this machine can.
pub(crate) fn renew(settings: &Path, moment: Moment) -> Result<Vec<Report>, CommandError> {
    let site = site(settings)?;
    if moment == Moment::Now {
        step::renew_certificate(&site)?;
    }
    let mut run = Run::new(&site, false);
    // Somebody else's certificate is theirs to renew, and no request is to be made by a timer.
    if site.answers.certificate == Certificate::Request {
        return Ok(vec![take(Step::Renewal, &mut run)?]);
    }
    let certificate = take(Step::Certificate, &mut run)?;
    Ok(vec![certificate, take(Step::Renewal, &mut run)?])
}

fn site(settings: &Path) -> Result<Site, CommandError> {
    if !account::is_root() {
        let text = "the certificate's key is root's; run this as root";
        return Err(CommandError::said(Exit::NotAllowed, text));
    }
    let config = Config::load_with(Some(settings), &Environment::default())?;
    let host = config.listen.base_url.host_str().unwrap_or("localhost");
    let host = host.trim_matches(['[', ']']).to_owned();
    Site::present(settings, &config, host)
}
