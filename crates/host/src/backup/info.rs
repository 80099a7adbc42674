//! What a repository holds, as pgBackRest tells it (`info --output=json`).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{BackupError, STANZA};

/// What a repository holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// The backups, oldest first.
    pub backups: Vec<Backup>,
    /// The newest file of archived changes.
    pub archived_until: Option<String>,
    /// How it is encrypted: `aes-256-cbc`, `none`.
    pub cipher: String,
}

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its name: `20261129-064213F`.
    pub label: String,
    /// `full`, `diff` or `incr`.
    pub kind: String,
    /// When it began.
    pub began_at: Timestamp,
    /// From when on it can be gone back to.
    pub ended_at: Timestamp,
    /// Bytes of the cluster.
    pub bytes: u64,
    /// Bytes that it added to the repository.
    pub stored_bytes: u64,
    /// The first file of changes that it needs.
    pub archive_start: String,
    /// The last one.
    pub archive_stop: String,
    /// Pages whose checksum was wrong were seen.
    pub has_errors: bool,
}

/// Whether a folder's name is that of a backup: `20261129-064213F`, and with a second part where it rests on that.
#[must_use]
pub fn is_label(name: &str) -> bool {
    moment_of(name).is_some()
}

/// When a backup of that name began, by the clock of the machine's place: it may be off by half a day from UTC.
#[must_use]
pub fn moment_of(label: &str) -> Option<Timestamp> {
    let newest = label.rsplit('_').next()?;
    let stamp = newest.strip_suffix(['F', 'D', 'I'])?;
    let time = DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

impl Backup {
    /// Whether it rests on no other.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kind == "full"
    }
}

#[derive(Deserialize)]
struct Stanza {
    name: String,
    #[serde(default)]
    archive: Vec<Archive>,
    #[serde(default)]
    backup: Vec<Line>,
    #[serde(default)]
    cipher: String,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    code: u32,
    message: String,
}

/// Only what says how far a backup has come: other members come and go with versions.
#[derive(Deserialize)]
struct Locked {
    name: String,
    status: LockedStatus,
}

#[derive(Deserialize)]
struct LockedStatus {
    #[serde(default)]
    lock: Locks,
}

#[derive(Default, Deserialize)]
struct Locks {
    #[serde(default)]
    backup: Lock,
}

#[derive(Default, Deserialize)]
struct Lock {
    #[serde(default)]
    held: bool,
    size: Option<u64>,
    #[serde(rename = "size-cplt")]
    done: Option<u64>,
}

/// Bytes that the backup that runs has done, and all of them.
pub(super) fn parse_progress(text: &str) -> Result<Option<(u64, u64)>, BackupError> {
    let unreadable = |error: serde_json::Error| BackupError::Unreadable {
        what: format!("its list ({error})"),
    };
    let stanzas: Vec<Locked> = serde_json::from_str(text).map_err(unreadable)?;
    let stanza = stanzas.into_iter().find(|stanza| stanza.name == STANZA);
    let lock = stanza
        .map(|stanza| stanza.status.lock.backup)
        .filter(|lock| lock.held);
    Ok(lock.and_then(|lock| match (lock.done, lock.size) {
        (Some(done), Some(size)) if size > 0 => Some((done.min(size), size)),
        _ => None,
    }))
}

#[derive(Deserialize)]
struct Archive {
    max: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    timestamp: Times,
    info: Sizes,
    archive: Reach,
    #[serde(default)]
    error: Option<bool>,
}

#[derive(Deserialize)]
struct Times {
    start: i64,
    stop: i64,
}

#[derive(Deserialize)]
struct Sizes {
    size: u64,
    repository: Stored,
}

#[derive(Deserialize)]
struct Stored {
    delta: u64,
}

#[derive(Deserialize)]
struct Reach {
    start: Option<String>,
    stop: Option<String>,
}

/// Codes of a stanza's status that mean a repository in order: with backups, and with none yet.
const FINE: [u32; 2] = [0, 2];

impl Info {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`BackupError::Unreadable`], also where the engine says that the stanza is not in order.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let unreadable = |what: String| BackupError::Unreadable { what };
        let stanzas: Vec<Stanza> =
            serde_json::from_str(text).map_err(|error| unreadable(format!("its list ({error})")))?;
        let stanza = stanzas.into_iter().find(|stanza| stanza.name == STANZA);
        let stanza = stanza.ok_or_else(|| unreadable(format!("no repository of {STANZA}")))?;
        if !FINE.contains(&stanza.status.code) {
            return Err(unreadable(format!(
                "the repository says {:?}",
                stanza.status.message
            )));
        }
        let backups: Option<Vec<Backup>> = stanza.backup.into_iter().map(backup).collect();
        Ok(Self {
            backups: backups.ok_or_else(|| unreadable("a time of a backup".to_owned()))?,
            archived_until: stanza.archive.into_iter().filter_map(|archive| archive.max).max(),
            cipher: stanza.cipher,
        })
    }

    /// The moment from which on every moment can be gone back to.
    #[must_use]
    pub fn restorable_from(&self) -> Option<Timestamp> {
        self.backups.first().map(|backup| backup.ended_at)
    }

    /// The newest backup that rests on no other.
    #[must_use]
    pub fn newest_full(&self) -> Option<&Backup> {
        self.backups.iter().rev().find(|backup| backup.is_full())
    }

    /// Bytes of all backups in the repository, without archived changes.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.backups.iter().map(|backup| backup.stored_bytes).sum()
    }
}

fn backup(line: Line) -> Option<Backup> {
    Some(Backup {
        label: line.label,
        kind: line.kind,
        began_at: Timestamp::from_second(line.timestamp.start).ok()?,
        ended_at: Timestamp::from_second(line.timestamp.stop).ok()?,
        bytes: line.info.size,
        stored_bytes: line.info.repository.delta,
        archive_start: line.archive.start.unwrap_or_default(),
        archive_stop: line.archive.stop.unwrap_or_default(),
        has_errors: line.error.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backups_name_says_when_it_began() {
        let at = moment_of("20261129-064213F").unwrap();
        assert_eq!(at.to_string(), "2026-11-29T06:42:13Z");
        assert_eq!(
            moment_of("20261129-064213F_20261130-010000D")
                .unwrap()
                .to_string(),
            "2026-11-30T01:00:00Z"
        );
        for other in [
            "latest",
            "backup.history",
            "20261129-064213",
            "F",
            "20261399-000000F",
        ] {
            assert!(!is_label(other), "{other}");
        }
    }

    /// As pgBackRest 2.45 says it.
    const SAID: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1","max":"000000010000000000000004",
        "min":"000000010000000000000001"}],"backup":[{"archive":{"start":"000000010000000000000002",
        "stop":"000000010000000000000003"},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},
        "error":false,"info":{"delta":22993831,"repository":{"delta":2996256,"size":2996256},"size":22993831},
        "label":"20261129-064213F","lsn":{"start":"0/2000028","stop":"0/3000050"},"prior":null,"reference":null,
        "timestamp":{"start":1795934533,"stop":1795934534},"type":"full"}],"cipher":"aes-256-cbc",
        "db":[{"id":1,"repo-key":1,"system-id":7713480072168830970,"version":"15"}],"name":"strongroom",
        "repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}}],
        "status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]"#;

    #[test]
    fn what_the_engine_says_is_read() {
        let info = Info::parse(SAID).unwrap();
        assert_eq!(info.cipher, "aes-256-cbc");
        assert_eq!(info.archived_until.as_deref(), Some("000000010000000000000004"));
        assert_eq!(info.newest_full().unwrap().label, "20261129-064213F");
        assert_eq!(info.restorable_from().unwrap().as_second(), 1_795_934_534);
        assert_eq!(info.stored_bytes(), 2_996_256);
    }

    #[test]
    fn how_far_a_backup_has_come_is_read_where_the_engine_says_it() {
        assert_eq!(parse_progress(SAID).unwrap(), None);
        let running = SAID.replace(
            "{\"held\":false}",
            "{\"held\":true,\"size\":400,\"size-cplt\":100}",
        );
        assert_eq!(parse_progress(&running).unwrap(), Some((100, 400)));
        let silent = SAID.replace("{\"held\":false}", "{\"held\":true}");
        assert_eq!(parse_progress(&silent).unwrap(), None);
        assert!(parse_progress("ERROR").is_err());
    }

    #[test]
    fn a_repository_that_is_not_in_order_is_no_empty_one() {
        let bad = SAID.replace(
            r#""status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]"#,
            r#""status":{"code":99,"message":"other"}}]"#,
        );
        assert_ne!(bad, SAID);
        assert!(Info::parse(&bad).is_err());
        assert!(Info::parse("[]").is_err() && Info::parse("ERROR").is_err());
    }
}
