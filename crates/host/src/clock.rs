//! The clock: whether somebody keeps it right, and the earliest instant that it can be.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::run::{Call, Program};

/// Whether the kernel's clock is kept in step with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InStep {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nobody here can say.
    Unknown,
}

/// Files that were written on this machine or when it was built: it is later than all of them.
const WRITTEN_BEFORE: &[&str] = &[
    "/etc/os-release",
    "/var/log/dpkg.log",
    "/var/lib/systemd/timesync/clock",
    "/var/log/wtmp",
];

/// Asks systemd, which asks the kernel (adjtimex), so that chrony and ntpsec count as well.
#[must_use]
pub fn in_step() -> InStep {
    let call = Call::new(Program::Timedatectl)
        .with(["show", "--property=NTPSynchronized", "--value"])
        .within(Duration::from_secs(10));
    match call.run().as_deref().map(str::trim) {
        Ok("yes") => InStep::Yes,
        Ok("no") => InStep::No,
        Ok(_) | Err(_) => InStep::Unknown,
    }
}

/// The latest of what was surely written in the past. A clock that stands before it is wrong.
#[must_use]
pub fn floor() -> Option<SystemTime> {
    floor_of(WRITTEN_BEFORE.iter().map(Path::new))
}

fn floor_of<'a>(files: impl Iterator<Item = &'a Path>) -> Option<SystemTime> {
    files
        .filter_map(|file| fs::metadata(file).ok()?.modified().ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_latest_file_and_absent_ones_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["old", "new", "gone"].map(|name| folder.path().join(name));
        let instant = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (path, seconds) in paths.iter().zip([1_000, 2_000]) {
            fs::File::create(path)
                .unwrap()
                .set_modified(instant(seconds))
                .unwrap();
        }
        assert_eq!(floor_of(paths.iter().map(AsRef::as_ref)), Some(instant(2_000)));
        assert_eq!(floor_of(paths[2..].iter().map(AsRef::as_ref)), None);
    }

    #[test]
    fn this_machines_clock_is_past_its_floor() {
        assert!(floor() < Some(SystemTime::now()));
    }
}
