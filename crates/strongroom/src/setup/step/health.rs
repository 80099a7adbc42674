//! An answer over HTTPS, as a browser would get it.

use super::{Run, Standing};
use crate::{
    failure::{CommandError, Exit},
    probe::{Probe, ProbeError},
    setup::answers::Certificate,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Longer than the daemon waits for its database.
const WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);
const PATH: &str = "/api/v1/health";

pub(super) fn look(run: &mut Run<'_>) -> Result<Standing, CommandError> {
    match seen(run) {
        Ok(Some(what)) => Ok(Standing::Done(what)),
        Ok(None) => Ok(Standing::ToDo("wait until the server answers well".to_owned())),
        Err(ProbeError::Away { .. }) if run.is_without_services => Ok(Standing::LeftOut(
            "nobody serves yet; start the daemons, then run setup again".to_owned(),
        )),
        Err(_) => Ok(Standing::ToDo("wait until the server answers".to_owned())),
    }
}

pub(super) fn apply(run: &mut Run<'_>) -> Result<(), CommandError> {
    let end = Instant::now() + WAIT;
    loop {
        let found = seen(run);
        if matches!(found, Ok(Some(_))) {
            return Ok(());
        }
        if Instant::now() >= end {
            let why = match found {
                Err(error) => error.to_string(),
                Ok(_) => format!("{PATH} does not answer 200"),
            };
            return Err(CommandError::said(
                Exit::Failed,
                format!("the server does not answer well: {why}; look at `journalctl -u strongroom`"),
            ));
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What a client sees; nothing where the answer is not a good one.
fn seen(run: &Run<'_>) -> Result<Option<String>, ProbeError> {
    let site = run.site;
    let authority = site.authority();
    let is_own = site.answers.certificate == Certificate::OwnAuthority;
    let authority = is_own.then_some(authority.as_path());
    let probe = Probe::of_listener(site.answers.server.https, &site.answers.server.name, authority);
    let shown = probe.look()?;
    // Who signed other people's certificates is theirs to know.
    if (is_own && shown.mistrust.is_some()) || probe.status_of(PATH)? != Some(200) {
        return Ok(None);
    }
    let trust = match shown.mistrust {
        None => "trusted".to_owned(),
        Some(why) => format!("not trusted on this machine: {why}"),
    };
    let what = format!(
        "{} answers over {}, certificate {trust}",
        site.answers.base_url(),
        shown.protocol
    );
    Ok(Some(what))
}
