//! The certificate's next end: a timer that looks each hour, and the first order where an authority is asked by itself.

use super::{
    Run, Standing,
    certificate::{self, is_ours},
};
use crate::{failure::CommandError, setup::answers::Certificate, setup::site::Site};
use ::host::unit;

const TIMER: &str = "strongroom-certificate.timer";

pub(super) fn look(run: &Run<'_>) -> Result<Standing, CommandError> {
    let site = run.site;
    match &site.answers.certificate {
        Certificate::Files { .. } | Certificate::Request => {
            let what = "whoever made the certificate makes the next; the doctor warns a month before";
            return Ok(Standing::LeftOut(what.to_owned()));
        }
        Certificate::Acme(acme) if is_wanted(site)? => {
            if run.is_without_services {
                let what = "the authority asks the server, and nobody serves; start the daemons, then run setup again";
                return Ok(Standing::LeftOut(what.to_owned()));
            }
            return Ok(Standing::ToDo(format!(
                "order a certificate from {}",
                acme.directory
            )));
        }
        Certificate::Acme(_) | Certificate::OwnAuthority => {}
    }
    if is_timer_idle(run)? {
        return Ok(Standing::ToDo(format!("enable and start {TIMER}")));
    }
    Ok(Standing::Done(match site.acme() {
        Some(acme) => format!("by {}, looked at each hour", acme.directory),
        None => "by this machine's own authority, looked at each hour".to_owned(),
    }))
}

pub(super) fn apply(run: &Run<'_>) -> Result<(), CommandError> {
    if let Some(acme) = run.site.acme()
        && is_wanted(run.site)?
    {
        certificate::order(run.site, acme)?;
    }
    if is_timer_idle(run)? {
        unit::enable_and_start(TIMER)?;
    }
    Ok(())
}

/// Whether the authority is to be asked: its certificate is not there, or near its end.
fn is_wanted(site: &Site) -> Result<bool, CommandError> {
    let Some(leaf) = certificate::present(site)? else {
        return Ok(true);
    };
    let is_due = leaf
        .is_due()
        .map_err(CommandError::tls("cannot look at the certificate"))?;
    Ok(is_due || is_ours(site, &leaf)?)
}

fn is_timer_idle(run: &Run<'_>) -> Result<bool, CommandError> {
    if !run.site.answers.services.start || !unit::is_systemd_here() {
        return Ok(false);
    }
    let timer = unit::look(TIMER)?;
    Ok(timer.is_installed && !(timer.is_enabled && timer.state == "active"))
}
