//! How exposed a unit is by systemd's own measure, and which files change it.

use std::path::PathBuf;
use std::time::Duration;

use crate::run::{Call, Program, RunError};

const DEADLINE: Duration = Duration::from_secs(30);
/// What stands before the number in what `systemd-analyze security` says.
const MARK: &str = "Overall exposure level for ";

/// What our units are shipped with, in tenths, by the systemd of Debian 12 and 13; a test of the package holds it.
const SHIPPED: [(&str, u32); 3] = [
    ("strongroom.service", 14),
    ("strongroom-worker.service", 2),
    ("strongroom-hostd.service", 14),
];

/// What the worker has when it may reach targets that settings name: sockets of IP, but for single addresses only.
pub const OPENED_WORKER_TENTHS: u32 = 11;

/// The most exposure, in tenths, that a unit of ours has as shipped; none for others.
#[must_use]
pub fn shipped_tenths_max(unit: &str) -> Option<u32> {
    SHIPPED
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, tenths)| *tenths)
}

/// The exposure of a loaded unit, in tenths: 0 (safe) to 100. None where systemd does not say.
///
/// # Errors
/// [`RunError`].
pub fn tenths(unit: &str) -> Result<Option<u32>, RunError> {
    let call = Call::new(Program::SystemdAnalyze).with(["security", "--no-pager", "--", unit]);
    Ok(parse(&call.within(DEADLINE).run()?, unit))
}

/// The files beside a unit's own that change it.
///
/// # Errors
/// [`RunError`].
pub fn drop_ins(unit: &str) -> Result<Vec<PathBuf>, RunError> {
    let call = Call::new(Program::Systemctl).with(["show", "--property=DropInPaths", "--value", "--", unit]);
    let text = call.within(DEADLINE).run()?;
    Ok(text.split_whitespace().map(PathBuf::from).collect())
}

/// `→ Overall exposure level for strongroom.service: 1.4 OK :-)`
fn parse(text: &str, unit: &str) -> Option<u32> {
    let line = text.lines().find_map(|line| Some(line.split_once(MARK)?.1))?;
    let number = line.strip_prefix(unit)?.strip_prefix(": ")?;
    let (whole, tenth) = number.split_whitespace().next()?.split_once('.')?;
    let (whole, tenth): (u32, u32) = (whole.parse().ok()?, tenth.parse().ok()?);
    (tenth < 10 && whole <= 10).then_some(whole * 10 + tenth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measure_is_read_in_tenths_and_no_other_line_is_taken_for_it() {
        let said = "✓ PrivateTmp= yes\n\n→ Overall exposure level for a.service: 1.4 OK 🙂\n";
        assert_eq!(parse(said, "a.service"), Some(14));
        assert_eq!(parse(said, "b.service"), None);
        assert_eq!(
            parse("→ Overall exposure level for a.service: 10.0 UNSAFE", "a.service"),
            Some(100)
        );
        assert_eq!(
            parse("→ Overall exposure level for a.service: 1.44 OK", "a.service"),
            None
        );
        assert_eq!(parse("", "a.service"), None);
    }
}
