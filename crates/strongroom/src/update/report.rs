//! What root saw of the machine's updates, kept for the console's page.

use crate::failure::CommandError;
use ::host::{
    apt::{pending::Pending, standing::Standing},
    updates::{Folder, Report, Waiting},
};
use config::Config;
use jiff::Timestamp;
use platform::promise;
use promises::Outcome;
use updates::record::Places;

/// Looks, and keeps what was seen; takes some seconds.
pub(crate) fn keep(config: &Config, folder: &Folder) -> Result<(), CommandError> {
    let now = Timestamp::now();
    let standing = Standing::of_machine();
    let judged =
        promise::judge_security_updates(&standing, &promise::last_bundle(&Places::of_machine()), now);
    Ok(folder.note_report(&of(config, standing, judged, now))?)
}

fn of(config: &Config, standing: Standing, judged: Outcome, now: Timestamp) -> Report {
    let (faults, unknown) = match judged {
        Outcome::Looked { faults, .. } => (faults, None),
        Outcome::CouldNotLook { why } => (Vec::new(), Some(why)),
    };
    let packages = standing.packages.known().cloned().unwrap_or_default();
    let runs = standing.last_runs.known();
    Report {
        seen_at: now,
        window: config.updates.window.to_string(),
        lists_at: runs.and_then(|runs| runs.lists_at),
        upgrade_at: runs.and_then(|runs| runs.upgrade_at),
        pending: standing
            .pending
            .known()
            .map(|pending| pending.iter().map(waiting).collect()),
        stale: standing.stale.known().map(|stale| stale.services.clone()),
        wants_reboot: standing.wants_reboot(),
        installed: packages.own,
        held: packages.held,
        unfinished: packages.unfinished,
        faults: faults
            .into_iter()
            .map(|fault| (fault.what, fault.where_, fault.advice))
            .collect(),
        unknown,
    }
}

fn waiting(pending: &Pending) -> Waiting {
    Waiting {
        package: pending.package.clone(),
        from: pending.from.clone().unwrap_or_default(),
        to: pending.to.clone(),
        is_security: pending.is_security,
    }
}
