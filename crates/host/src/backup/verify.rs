//! Whether a repository is whole: the engine's own look, read closely, and ours at the order of archived changes.
//!
//! Invariant: only counters that are there and all zero are "whole". The engine ends with 0 on corruption, and a file of
//! changes that is missing after the newest backup is no fault to it; so its text is read, and the names are counted here.

use serde::{Deserialize, Serialize};

use super::info::Info;
use super::{BackupError, Repository, engine, wal};

/// Most faults that are kept.
const FAULTS_MAX: usize = 50;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Files of backups that were read and are right.
    pub files: u64,
    /// Files of archived changes that were read and are right.
    pub changes: u64,
    /// The newest of them.
    pub newest_change: Option<String>,
    /// What is wrong; at most 50.
    pub faults: Vec<String>,
}

impl Verified {
    /// Whether nothing is wrong, and something was looked at.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.files > 0 && self.changes > 0
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(what);
        }
    }
}

/// Reads every file of the repository.
///
/// # Errors
/// [`BackupError`] where nothing could be looked at, as with a wrong pass phrase.
pub fn look(repository: &Repository) -> Result<Verified, BackupError> {
    let info = engine::info(repository)?;
    let mut found = parse(&engine::verify_text(repository)?)?;
    if info.backups.is_empty() {
        found.fault("there is no backup in it".to_owned());
    }
    for backup in info.backups.iter().filter(|backup| backup.has_errors) {
        let label = &backup.label;
        found.fault(format!(
            "the backup {label} has pages whose checksum was wrong in the cluster"
        ));
    }
    look_at_changes(repository, &info, &mut found)?;
    Ok(found)
}

/// From what the oldest backup needs to the newest change, none may be missing.
fn look_at_changes(repository: &Repository, info: &Info, found: &mut Verified) -> Result<(), BackupError> {
    let names = wal::archived(&repository.data())?;
    found.newest_change = names.last().cloned();
    for backup in &info.backups {
        for needed in [&backup.archive_start, &backup.archive_stop] {
            if !needed.is_empty() && names.binary_search(needed).is_err() {
                found.fault(format!(
                    "the backup {} needs {needed}, which is not there",
                    backup.label
                ));
            }
        }
    }
    let oldest = info
        .backups
        .iter()
        .map(|backup| backup.archive_start.as_str())
        .min();
    let needed: Vec<String> = names
        .into_iter()
        .filter(|name| oldest.is_none_or(|oldest| name.as_str() >= oldest))
        .collect();
    for (before, after) in wal::holes(&needed) {
        found.fault(format!("changes between {before} and {after} are missing"));
    }
    Ok(())
}

/// Reads `verify --output=text --verbose`.
fn parse(text: &str) -> Result<Verified, BackupError> {
    let unreadable = |line: &str| BackupError::Unreadable {
        what: format!("the line {:?} of verify", line.trim()),
    };
    let mut found = Verified::default();
    let mut subject = String::new();
    let mut counters = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words = line.trim();
        if let Some(rest) = words.strip_prefix("archiveId: ") {
            subject = format!("the archive {}", rest.split(',').next().unwrap_or_default());
            found.changes += number_after(words, "total valid WAL: ").ok_or_else(|| unreadable(line))?;
        } else if let Some(rest) = words.strip_prefix("backup: ") {
            subject = format!("the backup {}", rest.split(',').next().unwrap_or_default());
            if !words.contains(", status: valid,") {
                found.fault(format!("{subject} is not whole: {rest}"));
            }
            found.files += number_after(words, "total valid files: ").ok_or_else(|| unreadable(line))?;
        } else if words.starts_with("missing: ") {
            counters += 1;
            if words != "missing: 0, checksum invalid: 0, size invalid: 0, other: 0" {
                found.fault(format!("{subject}: {words}"));
            }
        } else if words.starts_with("stanza: ") || words == "status: ok" {
        } else {
            // `status: error`, and whatever a later release has to say.
            found.fault(format!("verify says: {words}"));
        }
    }
    match counters {
        0 => Err(unreadable(text.lines().next().unwrap_or_default())),
        _ => Ok(found),
    }
}

fn number_after(line: &str, words: &str) -> Option<u64> {
    let (_, rest) = line.split_once(words)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "stanza: strongroom
status: ok
  archiveId: 15-1, total WAL checked: 4, total valid WAL: 4
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261129-064213F, status: valid, total files checked: 965, total valid files: 965
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
";

    #[test]
    fn all_zero_counters_are_whole() {
        let found = parse(WHOLE).unwrap();
        assert!(found.is_whole(), "{found:?}");
        assert_eq!((found.files, found.changes), (965, 4));
    }

    #[test]
    fn any_other_counter_is_a_fault_although_the_engine_ends_with_zero() {
        for (from, to) in [
            (
                "965\n    missing: 0, checksum invalid: 0",
                "964\n    missing: 0, checksum invalid: 1",
            ),
            ("4\n    missing: 0", "3\n    missing: 1"),
            (
                "size invalid: 0, other: 0\n  backup",
                "size invalid: 0, other: 2\n  backup",
            ),
            ("status: valid", "status: invalid"),
            ("status: ok", "status: error"),
        ] {
            let text = WHOLE.replace(from, to);
            assert_ne!(text, WHOLE, "{from}");
            assert!(!parse(&text).unwrap().is_whole(), "{to}");
        }
    }

    #[test]
    fn an_answer_without_counters_is_none() {
        for text in ["", "stanza: strongroom\nstatus: ok\n", "nothing to see"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
