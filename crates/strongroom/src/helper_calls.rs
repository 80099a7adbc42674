//! The root helper's own record of changes, brought into the appliance's audit log.
//!
//! Invariant: a line is brought at least once; what was brought is noted after the entry is there. A gap in the numbers,
//! because more was called than the record holds, is an entry as well.

use crate::{
    failure::{CommandError, Exit},
    host::block_on,
};
use ::host::{
    helper::record::{self, BROUGHT, CHANGES, Change},
    write::{self, Access},
};
use config::Config;
use nix::unistd::{Gid, Uid};
use platform::{Caller, Platform, firewall};
use std::path::Path;

/// Brings what is new; gives how many lines that was.
///
/// # Errors
/// The record or the database cannot be read or written.
pub(crate) fn bring(config: &Config) -> Result<usize, CommandError> {
    let unreadable = |error: record::RecordError| CommandError::said(Exit::Failed, error.to_string());
    let changes = record::read(Path::new(CHANGES)).map_err(unreadable)?;
    let last = brought()?;
    let new: Vec<&Change> = changes.iter().filter(|change| change.number > last).collect();
    let Some(newest) = new.last() else {
        return Ok(0);
    };
    block_on(async {
        let platform = Platform::open(config).await?;
        for line in lines(last, &new) {
            firewall::note_call(&platform, &Caller::host(), line.0, &line.1).await?;
        }
        Ok(())
    })?;
    let access = Access {
        user: Uid::from_raw(0),
        group: Gid::from_raw(0),
        mode: 0o600,
    };
    write::file(Path::new(BROUGHT), newest.number.to_string().as_bytes(), access)?;
    Ok(new.len())
}

/// The number that was brought last.
fn brought() -> Result<u64, CommandError> {
    let text = write::read(Path::new(BROUGHT))?.unwrap_or_default();
    // One that is spoilt brings everything once more.
    Ok(String::from_utf8_lossy(&text).trim().parse().unwrap_or(0))
}

/// Verb and sentence of each entry.
fn lines<'a>(last: u64, new: &[&'a Change]) -> Vec<(&'a str, String)> {
    let mut lines = Vec::new();
    if let Some(first) = new.first()
        && first.number > last + 1
    {
        let missing = first.number - last - 1;
        lines.push((
            first.verb.as_str(),
            format!(
                "{missing} calls before number {} fell out of the record",
                first.number
            ),
        ));
    }
    lines.extend(new.iter().map(|change| {
        let Change {
            number,
            at,
            pid,
            uid,
            verb,
            outcome,
        } = change;
        let said = format!("number {number} at {at}: {outcome}; asked by process {pid} of user {uid}");
        (verb.as_str(), said)
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_who_asked_and_a_gap_shows() {
        let change = |number| Change {
            number,
            at: "2026-11-28T12:00:00Z".parse().unwrap(),
            pid: 7,
            uid: 0,
            verb: "org.strongroom.Host.ApplyFirewall".to_owned(),
            outcome: "begun".to_owned(),
        };
        let (three, four) = (change(3), change(4));
        assert_eq!(lines(2, &[&three, &four]).len(), 2);
        let gap = lines(0, &[&three]);
        assert!(gap[0].1.contains("2 calls before number 3"), "{gap:?}");
        assert!(gap[1].1.contains("process 7 of user 0"), "{gap:?}");
    }
}
