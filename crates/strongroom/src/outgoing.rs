//! Targets on other machines that the settings name: looked up by root, kept for rules and daemons, and the worker opened
//! for them.
//!
//! Invariants: nothing is kept unless every name resolved; what the worker may reach by its unit is what is kept, so that
//! the kernel holds it twice, by its addresses and by its account.

mod daemons;
mod service;
mod worker;

use crate::failure::{CommandError, Exit};
use ::host::{
    account::Account,
    firewall::DAEMONS,
    outgoing::{self, KEPT_NAME, Kept},
    unit,
    write::Access,
};
use config::{Config, TargetHost};
use nix::unistd::Uid;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

pub(crate) use worker::is_admitted;

/// All names together.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the settings' targets mean at this moment, as this machine's resolver says.
///
/// # Errors
/// With the first host that does not resolve, or the first service whose hosts cannot be told.
pub(crate) fn look_up(config: &Config) -> Result<Kept, CommandError> {
    let begun = Instant::now();
    let mut kept = Kept::default();
    let left = || DEADLINE.saturating_sub(begun.elapsed());
    for target in config.outside_targets() {
        match &target.host {
            TargetHost::Service(name) => kept.services.push(service::look_up(name, left)?),
            host @ (TargetHost::Address(_) | TargetHost::Name(_)) => {
                let found = outgoing::resolve(&host.to_string(), target.port, left())?;
                kept.targets.push(found);
            }
        }
    }
    Ok(kept)
}

/// What is kept.
pub(crate) fn kept(config: &Config) -> Result<Kept, CommandError> {
    Ok(outgoing::read(&place(config))?)
}

/// Keeps it for the root helper, which makes rules of it, and for the daemons, which dial it. That nothing was ever named
/// needs no file.
pub(crate) fn keep(config: &Config, kept: &Kept) -> Result<(), CommandError> {
    let path = place(config);
    if *kept == Kept::default() && !path.exists() {
        return Ok(());
    }
    let Some(account) = Account::named(DAEMONS) else {
        let text = format!("this machine has no account {DAEMONS}; install the package strongroom");
        return Err(CommandError::said(Exit::Failed, text));
    };
    let access = Access {
        user: Uid::from_raw(0),
        group: account.gid,
        mode: 0o640,
    };
    outgoing::write(&path, kept, access)?;
    Ok(())
}

/// Opens the worker for what is kept, and has every daemon that runs know of it.
pub(crate) fn admit(config: &Config, kept: &Kept) -> Result<(), CommandError> {
    let worker = worker::open(kept)?;
    match unit::is_systemd_here() {
        true => daemons::renew(&place(config), worker),
        false => Ok(()),
    }
}

fn place(config: &Config) -> PathBuf {
    config.path.with_file_name(KEPT_NAME)
}
