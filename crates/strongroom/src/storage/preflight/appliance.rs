//! The appliance before it is moved: set up, well, and nobody else's maintenance on it.

use super::super::{boot, told};
use crate::{
    finding::Finding,
    setup::step::services::UNITS,
    standstill::{self, Reason},
    update::health,
};
use ::host::unit;
use config::Config;

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in UNITS {
        match unit::look(name) {
            Ok(found) if found.is_installed && found.is_enabled => {}
            Ok(_) => findings.push(Finding::fault(
                "services",
                format!("{name} does not start at boot"),
                "run `strongroom setup` to its end first",
            )),
            Err(error) => findings.push(Finding::could_not_look(
                "services",
                error.to_string(),
                "look at systemd",
            )),
        }
    }
    findings.push(match health::look(config) {
        Ok(()) => Finding::ok("health", "the appliance is well"),
        Err(why) => Finding::fault(
            "health",
            format!("the appliance is not well: {why}"),
            "mend that first: `strongroom doctor`",
        ),
    });
    match standstill::other_maintenance(config, Reason::Storage) {
        Ok(false) => {}
        Ok(true) => findings.push(Finding::fault(
            "maintenance",
            "maintenance is announced or on",
            "end it with `strongroom maintenance off`: this begins its own",
        )),
        Err(error) => findings.push(Finding::fault("maintenance", told(&error), "start the database")),
    }
    if let Err(error) = boot::check_tables() {
        findings.push(Finding::fault("tables", told(&error), "correct it by hand"));
    }
    findings
}
