//! The helper's own record of calls that change something: who asked, for what, and what became of it.
//!
//! The helper reaches no database, and root may call it by other ways than ours (`varlinkctl`). So it writes down each such
//! call before it carries it out, in a file of root's, and root's timer brings the lines into the appliance's audit log.
//!
//! Invariant: numbers only grow, also when old lines fall out of the bound, so that a gap shows.

use std::path::Path;

use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize};

use crate::write::{self, Access, WriteError};

/// Where it lies; systemd makes the folder, for root alone (`StateDirectory=`).
pub const CHANGES: &str = "/var/lib/strongroom-hostd/changes.json";
/// The number of the line that was brought into the audit log last.
pub const BROUGHT: &str = "/var/lib/strongroom-hostd/brought";
/// The newest lines that are kept.
pub const CHANGES_MAX: usize = 500;

/// A call, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its place in the record, from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The caller's process.
    pub pid: i32,
    /// The caller's user.
    pub uid: u32,
    /// The verb's name on the wire.
    pub verb: String,
    /// `begun`, `done`, or the name of the error.
    pub outcome: String,
}

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It is not what we wrote.
    #[error("{path} is no record of calls; move it away")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// The lines, oldest first; none where nobody ever changed anything.
///
/// # Errors
/// [`RecordError`].
pub fn read(path: &Path) -> Result<Vec<Change>, RecordError> {
    let Some(bytes) = write::read(path)? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&bytes).map_err(|source| RecordError::Unreadable {
        path: path.display().to_string(),
        source,
    })
}

/// Adds a line, on disk when the call returns. One process writes at a time.
///
/// # Errors
/// [`RecordError`].
pub fn note(path: &Path, peer: (i32, u32), verb: &str, outcome: &str) -> Result<(), RecordError> {
    let mut changes = read(path)?;
    let last = changes.last().map_or(0, |change| change.number);
    let (pid, uid) = peer;
    changes.push(Change {
        number: last + 1,
        at: Timestamp::now(),
        pid,
        uid,
        verb: verb.to_owned(),
        outcome: outcome.to_owned(),
    });
    let surplus = changes.len().saturating_sub(CHANGES_MAX);
    changes.drain(..surplus);
    let text = serde_json::to_vec(&changes).map_err(|source| RecordError::Unreadable {
        path: path.display().to_string(),
        source,
    })?;
    let access = Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode: 0o600,
    };
    write::file(path, &text, access)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_on_and_on_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changes.json");
        assert_eq!(read(&path).unwrap(), []);
        for _ in 0..CHANGES_MAX + 3 {
            note(&path, (1, 0), "org.strongroom.Host.RestartUnit", "begun").unwrap();
        }
        let kept = read(&path).unwrap();
        assert_eq!((kept.len(), kept[0].number), (CHANGES_MAX, 4));
        assert_eq!(kept.last().unwrap().number, CHANGES_MAX as u64 + 3);
        let text = std::fs::read(&path).unwrap();
        assert!(text.len() < 1 << 20, "the record outgrows what is read of a file");
    }

    #[test]
    fn a_spoilt_record_and_one_without_a_folder_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changes.json");
        std::fs::write(&path, "{}").unwrap();
        assert!(read(&path).is_err() && note(&path, (1, 0), "x", "begun").is_err());
        assert!(note(&folder.path().join("gone/changes.json"), (1, 0), "x", "begun").is_err());
    }
}
