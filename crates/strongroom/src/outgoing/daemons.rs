//! The daemons, which read the settings' targets when they start: each one that was started before what is kept now begins
//! anew.
//!
//! Invariant: whether one is stale is told by times and not by what this command just did, so that one that was cut off
//! is made good by the next.

use crate::failure::CommandError;
use ::host::{unit, write::Written};
use std::{fs, io, path::Path, time::SystemTime};

const SERVER: &str = "strongroom.service";
const WORKER: &str = "strongroom-worker.service";

/// Starts those anew that do not know what is kept at this place. One that does not run is not started: somebody stopped
/// it.
pub(super) fn renew(place: &Path, worker: Written) -> Result<(), CommandError> {
    if worker != Written::Same {
        unit::reload()?;
    }
    let kept = kept_at(place)?;
    for name in [SERVER, WORKER] {
        let Some(since) = unit::running_since(name)? else {
            continue;
        };
        let is_closed = name == WORKER && worker != Written::Same;
        if is_closed || kept.is_some_and(|kept| is_stale(since, kept)) {
            unit::restart(name)?;
        }
    }
    Ok(())
}

/// When it was kept; none where nothing ever was.
fn kept_at(place: &Path) -> Result<Option<SystemTime>, CommandError> {
    match fs::metadata(place).and_then(|file| file.modified()) {
        Ok(time) => Ok(Some(time)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::io(format!("cannot look at {}", place.display()))(
            error,
        )),
    }
}

/// A start is known to the second, so one in the same second counts as before.
fn is_stale(since: SystemTime, kept: SystemTime) -> bool {
    since <= kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_daemon_is_stale_unless_it_was_started_after_what_is_kept() {
        let kept = SystemTime::UNIX_EPOCH + Duration::from_millis(5_500);
        let started = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(is_stale(started(0), kept));
        assert!(is_stale(started(5), kept));
        assert!(!is_stale(started(6), kept));
    }

    #[test]
    fn where_nothing_was_ever_kept_nothing_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("outgoing.json");
        assert_eq!(kept_at(&place).unwrap(), None);
        fs::write(&place, "{}").unwrap();
        assert!(kept_at(&place).unwrap().is_some());
    }
}
