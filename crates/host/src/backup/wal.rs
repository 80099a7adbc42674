//! Files of archived changes by their names: 8 hexadecimal digits each of timeline, log and segment
//! (PostgreSQL's `XLogFileName`), with segments of 16 MiB.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::info::Backup;
use super::{BackupError, STANZA};

/// Digits of a name.
const NAME_CHARS: usize = 24;
/// Segments of 16 MiB in a log of 4 GiB.
const SEGMENTS: u64 = 256;
/// Changes of a year on a busy appliance.
const FILES_MAX: usize = 4_000_000;

/// The names of archived files in a repository, sorted.
///
/// # Errors
/// [`BackupError::Refused`] where its folders cannot be read.
pub fn archived(repository: &Path) -> Result<Vec<String>, BackupError> {
    let mut names = Vec::new();
    for version in entries(&repository.join("archive").join(STANZA))? {
        if !version.is_dir() {
            continue;
        }
        for log in entries(&version)? {
            if log.is_dir() {
                names.extend(entries(&log)?.iter().filter_map(|file| name_of(file)));
            }
            if names.len() > FILES_MAX {
                return Err(BackupError::Unreadable {
                    what: format!("more than {FILES_MAX} files of changes"),
                });
            }
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// When the oldest archived file came into a repository: the first by name of each of PostgreSQL's majors; none where there is no file.
///
/// # Errors
/// [`BackupError::Refused`] where a folder or the file cannot be read.
pub fn oldest_at(repository: &Path) -> Result<Option<Timestamp>, BackupError> {
    let mut oldest = None;
    for version in entries(&repository.join("archive").join(STANZA))? {
        if version.is_dir()
            && let Some(at) = first(&version)?.map(|path| came_at(&path)).transpose()?
        {
            oldest = Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at)));
        }
    }
    Ok(oldest)
}

/// The first archived file of one major. Folders bear timeline and log, the first digits of the names in them.
fn first(version: &Path) -> Result<Option<PathBuf>, BackupError> {
    let mut logs = entries(version)?;
    logs.retain(|log| log.is_dir());
    logs.sort();
    for log in logs {
        let files = entries(&log)?.into_iter();
        if let Some((_, path)) = files.filter_map(|path| Some((name_of(&path)?, path))).min() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn came_at(path: &Path) -> Result<Timestamp, BackupError> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let at = modified.and_then(|at| Timestamp::try_from(at).map_err(io::Error::other));
    at.map_err(|source| BackupError::Refused {
        what: "look at",
        path: path.to_owned(),
        source,
    })
}

/// Between which neighbours of a sorted list others are missing. A new timeline begins where it was made: not after the end of all that
/// came before it, which is more than the end of the one before it where a restore was taken back.
#[must_use]
pub fn holes(names: &[String]) -> Vec<(String, String)> {
    let mut reached = 0;
    let mut holes = Vec::new();
    for pair in names.windows(2) {
        let is_hole = match (position(&pair[0]), position(&pair[1])) {
            (Some((one, before)), Some((other, after))) => {
                reached = before.max(reached);
                match one == other {
                    true => after != before + 1,
                    false => after > reached + 1,
                }
            }
            _ => true,
        };
        if is_hole {
            holes.push((pair[0].clone(), pair[1].clone()));
        }
    }
    holes
}

/// Most holes that are told.
const TOLD_MAX: usize = 5;

/// The holes among the changes since the oldest backup, which is where going back begins, in sentences. Of many holes the first
/// ones.
#[must_use]
pub fn told_holes(names: &[String], oldest: &str) -> Vec<String> {
    let begins = names.partition_point(|name| name.as_str() < oldest);
    let holes = holes(&names[begins..]);
    let told = holes.iter().take(TOLD_MAX);
    told.map(|(before, after)| format!("changes between {before} and {after} are missing"))
        .collect()
}

/// A stretch of time to which nothing can be taken back, because changes in it are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last backup from which the hole would have to be crossed: everything after it may be out of reach.
    pub from: Timestamp,
    /// The end of the first backup after the hole, with which going back begins anew; none where there is none yet.
    pub until: Option<Timestamp>,
}

/// The holes among the changes since the oldest backup as stretches of time. When a missing change was made is not known, so each
/// reaches from the backup before it to the one after it.
#[must_use]
pub fn gaps(names: &[String], backups: &[Backup]) -> Vec<Gap> {
    let Some(oldest) = backups.first() else {
        return Vec::new();
    };
    let begins = names.partition_point(|name| name.as_str() < oldest.archive_start.as_str());
    let mut gaps: Vec<Gap> = Vec::new();
    for (before, after) in holes(&names[begins..]) {
        let is_earlier = |backup: &&Backup| backup.archive_stop.as_str() <= before.as_str();
        let from = backups.iter().rev().find(is_earlier).unwrap_or(oldest).ended_at;
        let is_later = |backup: &&Backup| backup.archive_start.as_str() >= after.as_str();
        let until = backups.iter().find(is_later).map(|backup| backup.ended_at);
        let gap = Gap { from, until };
        if gaps.last() != Some(&gap) {
            gaps.push(gap);
        }
    }
    gaps
}

/// Timeline, and number of the segment in it.
fn position(name: &str) -> Option<(u64, u64)> {
    let part = |from: usize| u64::from_str_radix(name.get(from..from + 8)?, 16).ok();
    Some((part(0)?, part(8)? * SEGMENTS + part(16)?))
}

/// `000000010000000000000004-74f9....zst` is a file of changes, `….00000028.backup` and `….partial` are none.
pub(super) fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (name, rest) = file.split_at_checked(NAME_CHARS)?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_name && rest.starts_with('-')).then(|| name.to_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let refused = |source: io::Error| BackupError::Refused {
        what: "list",
        path: folder.to_owned(),
        source,
    };
    let listed = fs::read_dir(folder).map_err(refused)?;
    listed.map(|entry| Ok(entry.map_err(refused)?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_missing_file_is_seen_also_where_a_log_ends() {
        let whole = names(&[
            "0000000100000000000000FE",
            "0000000100000000000000FF",
            "000000010000000100000000",
        ]);
        assert_eq!(holes(&whole), []);
        let broken = names(&["0000000100000000000000FE", "000000010000000100000000"]);
        assert_eq!(holes(&broken).len(), 1);
    }

    #[test]
    fn the_oldest_change_is_the_first_of_its_major_and_not_what_was_touched_first() {
        let repository = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let archive = repository.path().join("archive").join(STANZA);
        fs::create_dir_all(&archive).unwrap();
        assert_eq!(oldest_at(repository.path()).unwrap(), None);
        for (folder, name, second) in [
            ("15-1/0000000100000000", "0000000100000000000000FE-aa.zst", 300),
            (
                "15-1/0000000100000000",
                "0000000100000000000000FE.00000028.backup",
                100,
            ),
            ("15-1/0000000100000001", "000000010000000100000000-aa.zst", 400),
            ("17-2/0000000100000001", "000000010000000100000004-aa.zst", 500),
        ] {
            let folder = archive.join(folder);
            fs::create_dir_all(&folder).unwrap();
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_modified(at(second).into()).unwrap();
        }
        assert_eq!(oldest_at(repository.path()).unwrap(), Some(at(300)));
    }

    #[test]
    fn holes_before_the_oldest_backup_are_nobodys_loss() {
        let old = names(&[
            "000000010000000000000001",
            "000000010000000000000004",
            "000000010000000000000005",
        ]);
        assert_eq!(told_holes(&old, "000000010000000000000004").len(), 0);
        let said = told_holes(&old, "000000010000000000000001");
        assert!(said[0].contains("000000010000000000000004"), "{said:?}");
    }

    #[test]
    fn a_hole_takes_the_time_between_the_backups_around_it() {
        let backup = |second: i64, segment: &str| Backup {
            label: segment.to_owned(),
            kind: "full".to_owned(),
            began_at: Timestamp::from_second(second).unwrap(),
            ended_at: Timestamp::from_second(second + 1).unwrap(),
            bytes: 1,
            stored_bytes: 1,
            archive_start: segment.to_owned(),
            archive_stop: segment.to_owned(),
            has_errors: false,
        };
        let (one, two) = ("000000010000000000000002", "000000010000000000000006");
        let backups = [backup(100, one), backup(200, two)];
        let whole: Vec<String> = (1..9).map(|number| format!("00000001{number:016X}")).collect();
        assert_eq!(gaps(&whole, &backups), []);
        let without = |gone: &str| -> Vec<String> {
            whole
                .iter()
                .filter(|name| name.as_str() != gone)
                .cloned()
                .collect()
        };
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let found = gaps(&without("000000010000000000000004"), &backups);
        assert_eq!(
            found,
            [Gap {
                from: at(101),
                until: Some(at(201))
            }]
        );
        let found = gaps(&without("000000010000000000000007"), &backups);
        assert_eq!(
            found,
            [Gap {
                from: at(201),
                until: None
            }]
        );
        assert_eq!(gaps(&whole, &[]), []);
    }

    #[test]
    fn a_new_timeline_goes_on_where_the_old_one_was_left() {
        let whole = names(&[
            "000000010000000000000004",
            "000000010000000000000005",
            "000000020000000000000005",
        ]);
        assert_eq!(holes(&whole), []);
        let earlier = names(&["000000010000000000000009", "000000020000000000000005"]);
        assert_eq!(holes(&earlier), [], "it was gone back in time");
        let broken = names(&["000000010000000000000004", "000000020000000000000007"]);
        assert_eq!(holes(&broken).len(), 1);
        let taken_back = names(&[
            "000000010000000000000029",
            "00000001000000000000002A",
            "000000020000000000000005",
            "00000003000000000000002B",
        ]);
        assert_eq!(holes(&taken_back), [], "a restore was taken back");
    }

    #[test]
    fn only_whole_files_of_changes_count() {
        let name = |file: &str| name_of(Path::new(file));
        let whole = "000000010000000000000004-74f9e64c524a56aee2cbf955ea51995126e8625b.zst";
        assert_eq!(name(whole).unwrap(), "000000010000000000000004");
        assert_eq!(name("000000010000000000000002.00000028.backup"), None);
        assert_eq!(name("00000002.history"), None);
        assert_eq!(name("000000010000000000000004.partial-74f9.zst"), None);
    }
}
