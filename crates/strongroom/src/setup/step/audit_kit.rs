//! The auditor's kit, where the answers say where it goes: written when the worker has signed the log for the first time.

use super::{Run, Standing, settings};
use crate::{
    audit_kit,
    failure::{CommandError, Exit},
    host::block_on,
};
use platform::Platform;
use std::{
    thread,
    time::{Duration, Instant},
};

/// The first checkpoint comes seconds after the worker's start.
const WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn look(run: &Run<'_>) -> Result<Standing, CommandError> {
    let Some(folder) = &run.site.answers.audit.kit else {
        let what = "the answers do not say where it goes, so nobody can check the log apart from this machine; run `strongroom audit kit`";
        return Ok(Standing::LeftOut(what.to_owned()));
    };
    let config = settings::config(run.site)?;
    let (is_current, is_possible) = block_on(async {
        let platform = Platform::open(&config).await?;
        let is_current = audit_kit::is_current(&platform, folder).await?;
        Ok((is_current, audit_kit::is_possible(&platform).await?))
    })?;
    Ok(match (is_current, is_possible) {
        (true, _) => Standing::Done(format!(
            "in {}; hand it over by a way that this machine has no part in",
            folder.display()
        )),
        (false, false) if run.is_without_services => {
            Standing::LeftOut("nobody signs the log yet; start the daemons, then run setup again".to_owned())
        }
        (false, _) => Standing::ToDo(format!(
            "write policy, checkpoint and a verifier into {}",
            folder.display()
        )),
    })
}

pub(super) fn apply(run: &Run<'_>) -> Result<(), CommandError> {
    let Some(folder) = &run.site.answers.audit.kit else {
        return Ok(());
    };
    let config = settings::config(run.site)?;
    let end = Instant::now() + WAIT;
    loop {
        let is_written = block_on(async {
            let platform = Platform::open(&config).await?;
            let is_possible = audit_kit::is_possible(&platform).await?;
            if is_possible {
                audit_kit::write(&platform, folder).await?;
            }
            Ok(is_possible)
        })?;
        if is_written {
            return Ok(());
        }
        if Instant::now() >= end {
            let text = "the worker has not signed the log within a minute; look at `journalctl -u strongroom-worker`, then run setup again";
            return Err(CommandError::said(Exit::Failed, text));
        }
        thread::sleep(LOOK_EVERY);
    }
}
