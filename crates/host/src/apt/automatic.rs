//! The daily run of apt and unattended-upgrades: when it last came to its end, and whether its timers run.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use crate::run::RunError;
use crate::unit;

/// Debian's timers: fetching the lists, and installing.
pub const TIMERS: [&str; 2] = ["apt-daily.timer", "apt-daily-upgrade.timer"];
/// Touched by apt.systemd.daily when a part has ended well.
const UPDATE_STAMP: &str = "var/lib/apt/periodic/update-success-stamp";
const UPGRADE_STAMP: &str = "var/lib/apt/periodic/upgrade-stamp";

/// When the daily parts last ended; none for one that never has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRuns {
    /// Lists were fetched without any error.
    pub lists_at: Option<Timestamp>,
    /// unattended-upgrades ran.
    pub upgrade_at: Option<Timestamp>,
}

/// One timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timer {
    /// Its unit.
    pub name: &'static str,
    /// It is installed, enabled and waits for its time.
    pub is_running: bool,
}

/// Reads the stamps under a root folder.
///
/// # Errors
/// A stamp is there and cannot be looked at.
pub fn last_runs(root: &Path) -> io::Result<LastRuns> {
    Ok(LastRuns {
        lists_at: stamp(&root.join(UPDATE_STAMP))?,
        upgrade_at: stamp(&root.join(UPGRADE_STAMP))?,
    })
}

/// Asks systemd for Debian's timers.
///
/// # Errors
/// [`RunError`].
pub fn timers() -> Result<Vec<Timer>, RunError> {
    let timer = |name| {
        let found = unit::look(name)?;
        let is_running = found.is_installed && found.is_enabled && found.state == "active";
        Ok(Timer { name, is_running })
    };
    TIMERS.into_iter().map(timer).collect()
}

fn stamp(path: &Path) -> io::Result<Option<Timestamp>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Timestamp::try_from(metadata.modified()?).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_never_ran_has_no_time() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(last_runs(root.path()).unwrap().upgrade_at, None);
        fs::create_dir_all(root.path().join("var/lib/apt/periodic")).unwrap();
        fs::write(root.path().join(UPGRADE_STAMP), "").unwrap();
        let found = last_runs(root.path()).unwrap();
        assert!(found.upgrade_at.is_some() && found.lists_at.is_none());
    }
}
