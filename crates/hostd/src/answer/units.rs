//! Our units: how they do, how exposed they are, starting one anew, and starting a backup.

use host::exposure;
use host::helper::{BackupReply, ErrorName, OwnUnit, Refusal, RestartReply, UnitReply, UnitsReply};
use host::unit;
use std::thread;
use std::time::Duration;

use super::{failed, said};

/// Our units, this helper among them.
const UNITS: [&str; 3] = [
    "strongroom.service",
    "strongroom-worker.service",
    "strongroom-hostd.service",
];
/// What the timer starts each night.
const BACKUP: &str = "strongroom-backup.service";
/// How often it is looked whether it begins, and how long between.
const BEGIN_LOOKS: u32 = 10;
const BEGIN_PAUSE: Duration = Duration::from_millis(200);
const DROP_INS_MAX: usize = 20;

pub(super) fn look() -> UnitsReply {
    UnitsReply {
        units: UNITS.map(of).into(),
    }
}

pub(super) fn restart(unit: OwnUnit) -> Result<RestartReply, Refusal> {
    unit::restart(unit.unit()).map_err(|error| failed(&error))?;
    Ok(RestartReply { unit })
}

/// Starts the nightly backup's unit, and does not wait for its end.
pub(super) fn start_backup() -> Result<BackupReply, Refusal> {
    let found = unit::look(BACKUP).map_err(|error| failed(&error))?;
    if !found.is_installed {
        return Err(Refusal::new(
            ErrorName::Failed,
            format!("{BACKUP} is not installed"),
        ));
    }
    // A unit of one run is "activating" as long as it runs.
    let was_running = found.state == "activating";
    if !was_running {
        unit::begin(BACKUP).map_err(|error| failed(&error))?;
        require_begun()?;
    }
    Ok(BackupReply { was_running })
}

/// systemd takes the request at once and refuses the start a moment later, where there were too many.
fn require_begun() -> Result<(), Refusal> {
    for _ in 0..BEGIN_LOOKS {
        let found = unit::look(BACKUP).map_err(|error| failed(&error))?;
        if matches!(found.state.as_str(), "activating" | "active") {
            return Ok(());
        }
        thread::sleep(BEGIN_PAUSE);
    }
    match unit::result(BACKUP).map_err(|error| failed(&error))?.as_str() {
        "start-limit-hit" => Err(Refusal::new(
            ErrorName::Failed,
            format!(
                "systemd refuses: {BACKUP} was started too often today; `systemctl reset-failed {BACKUP}` on the host lets it start again"
            ),
        )),
        // It ended already, well or not; the record says how.
        _ => Ok(()),
    }
}

fn of(name: &str) -> UnitReply {
    let mut reply = UnitReply {
        name: name.to_owned(),
        state: String::new(),
        is_enabled: false,
        restarts: 0,
        exposure_tenths: None,
        drop_ins: Vec::new(),
        reach: None,
        why: None,
    };
    match unit::look(name) {
        Ok(found) if !found.is_installed => reply.why = Some("it is not installed".to_owned()),
        Ok(found) => {
            reply.state = found.state;
            reply.is_enabled = found.is_enabled;
            reply.restarts = found.restarts;
            measure(name, &mut reply);
        }
        Err(error) => reply.why = Some(said(&error)),
    }
    reply
}

fn measure(name: &str, reply: &mut UnitReply) {
    match exposure::tenths(name) {
        Ok(Some(tenths)) => reply.exposure_tenths = Some(tenths),
        Ok(None) => reply.why = Some("systemd-analyze names no exposure".to_owned()),
        Err(error) => reply.why = Some(said(&error)),
    }
    match unit::reach(name) {
        Ok(reach) => reply.reach = Some(reach),
        Err(error) => reply.why = Some(said(&error)),
    }
    match exposure::drop_ins(name) {
        Ok(paths) => {
            let paths = paths.iter().map(|path| path.display().to_string());
            reply.drop_ins = paths.take(DROP_INS_MAX).collect();
        }
        Err(error) => reply.why = Some(said(&error)),
    }
}
