//! The daemons as systemd's units.

use super::{Run, Standing};
use crate::failure::CommandError;
use ::host::unit;

/// What the package installs.
pub(crate) const UNITS: [&str; 2] = ["strongroom.service", "strongroom-worker.service"];

pub(super) fn look(run: &mut Run<'_>) -> Result<Standing, CommandError> {
    run.is_without_services = true;
    if !run.site.answers.services.start {
        return Ok(Standing::LeftOut(
            "the answers say so; start both daemons yourself".to_owned(),
        ));
    }
    if !unit::is_systemd_here() {
        let what = "systemd does not run here; start `strongroom serve` and `strongroom work` yourself";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    let mut idle = Vec::new();
    for name in UNITS {
        let found = unit::look(name)?;
        if !found.is_installed {
            return Ok(Standing::LeftOut(format!(
                "{name} is not installed; the package strongroom has it"
            )));
        }
        if !found.is_enabled || found.state != "active" {
            idle.push(name);
        }
    }
    run.is_without_services = false;
    if !idle.is_empty() {
        return Ok(Standing::ToDo(format!("enable and start {}", idle.join(" and "))));
    }
    if run.is_changed && !run.is_restarted {
        return Ok(Standing::ToDo(format!("restart {}", UNITS.join(" and "))));
    }
    Ok(Standing::Done(format!("{} run", UNITS.join(" and "))))
}

pub(super) fn apply(run: &mut Run<'_>) -> Result<(), CommandError> {
    for name in UNITS {
        // One that ran before holds what was before this run.
        if unit::look(name)?.state == "active" {
            unit::restart(name)?;
        }
        unit::enable_and_start(name)?;
    }
    run.is_restarted = true;
    Ok(())
}
