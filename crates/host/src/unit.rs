//! systemd's units: what they are, and the few things that are done to ours.

use std::path::Path;
use std::time::Duration;

use crate::run::{Call, Program, RunError};

/// Longer than the start of a daemon that waits for its database.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// A unit as systemd sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its file is there.
    pub is_installed: bool,
    /// It starts at boot.
    pub is_enabled: bool,
    /// `active`, `inactive`, `failed`, `activating` ...
    pub state: String,
    /// How often it was started again since it was started by hand.
    pub restarts: u32,
}

/// Whether systemd runs this machine (sd_booted(3)).
#[must_use]
pub fn is_systemd_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Asks for a unit.
///
/// # Errors
/// [`RunError`]; a unit that is not installed is no error.
pub fn look(name: &str) -> Result<Unit, RunError> {
    let properties = "--property=LoadState,UnitFileState,ActiveState,NRestarts";
    let call = Call::new(Program::Systemctl).with(["show", properties, "--", name]);
    Ok(parse(&call.within(Duration::from_secs(20)).run()?))
}

/// Lets a unit start at boot and starts it now. A unit that runs already is left alone.
///
/// # Errors
/// [`RunError`]; the unit's own words are in the journal.
pub fn enable_and_start(name: &str) -> Result<(), RunError> {
    systemctl(["enable", "--now", "--", name])
}

/// Starts a unit that runs anew.
///
/// # Errors
/// As [`enable_and_start`].
pub fn restart(name: &str) -> Result<(), RunError> {
    systemctl(["restart", "--", name])
}

/// Stops a unit; one that is not there or does not run is left alone.
///
/// # Errors
/// As [`enable_and_start`].
pub fn stop(name: &str) -> Result<(), RunError> {
    if !matches!(look(name)?.state.as_str(), "active" | "activating" | "reloading") {
        return Ok(());
    }
    systemctl(["stop", "--", name])
}

/// Has systemd start a unit after so many seconds, by a timer of the same name, which goes with the next boot.
///
/// # Errors
/// As [`enable_and_start`]; also when such a timer runs already.
pub fn start_later(name: &str, seconds: u32) -> Result<(), RunError> {
    let call = Call::new(Program::SystemdRun)
        .with([format!("--on-active={seconds}"), format!("--unit={name}")])
        .with(["--timer-property=AccuracySec=100ms", "--quiet"]);
    call.within(START_DEADLINE).run().map(drop)
}

fn systemctl<const N: usize>(arguments: [&str; N]) -> Result<(), RunError> {
    let call = Call::new(Program::Systemctl).with(arguments);
    call.within(START_DEADLINE).run().map(drop)
}

fn parse(text: &str) -> Unit {
    let value = |key: &str| {
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    Unit {
        is_installed: value("LoadState") == "loaded",
        is_enabled: matches!(
            value("UnitFileState").as_str(),
            "enabled" | "enabled-runtime" | "static"
        ),
        state: value("ActiveState"),
        restarts: value("NRestarts").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_properties_are_read() {
        let text = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nNRestarts=3\n";
        let unit = parse(text);
        assert!(unit.is_installed && unit.is_enabled);
        assert_eq!((unit.state.as_str(), unit.restarts), ("active", 3));
        let absent = parse("LoadState=not-found\nUnitFileState=\nActiveState=inactive\nNRestarts=0\n");
        assert!(!absent.is_installed && !absent.is_enabled);
    }
}
