//! What was taken last, kept in two places outside every package and outside the database, so that neither a
//! restored database nor one lost folder brings old bundles back.
//!
//! Invariant: where the two differ the later one counts; one that is there and cannot be read stops everything, since
//! what it forbade is not known.

use std::path::{Path, PathBuf};

use host::write::{self, Access, WriteError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::key::PublicKey;
use crate::manifest::{Content, Manifest};
use crate::receive::Received;
use crate::root::Anchor;
use crate::terms::Held;
use crate::version::DebianVersion;

/// The name of the file in both places.
pub const FILE: &str = "update-record.json";

/// What was taken last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form of this record: 1.
    pub format: u32,
    /// The root in force.
    pub root: Anchor,
    /// The number of the last bundle.
    pub sequence: u64,
    /// The digest of its list.
    pub manifest_sha256: Digest,
    /// The keys that could sign bundles then.
    pub bundle_keys: Vec<PublicKey>,
    /// The version of the program in it.
    pub version: DebianVersion,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it was valid.
    pub not_after: Timestamp,
    /// When it was taken here.
    pub imported_at: Timestamp,
    /// How many records the tracker's data held in the bundle before this one.
    pub tracker_records_before: Option<u64>,
    /// The same of this one.
    pub tracker_records: Option<u64>,
}

/// Both places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// A folder of state: `/var/lib/strongroom/updates`.
    pub state: PathBuf,
    /// A folder of settings: `/etc/strongroom`.
    pub settings: PathBuf,
}

/// Why the record is not known.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read or written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It is no record.
    #[error("{} holds no record of updates; put back what was there, or remove it to go by the other one", .path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// What both places say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The later record.
    pub record: Record,
    /// Whether the other place says the same.
    pub agree: bool,
}

impl Record {
    /// After a bundle was taken.
    #[must_use]
    pub fn of(received: &Received, before: Option<&Self>, now: Timestamp) -> Self {
        let manifest = &received.manifest;
        // The same bundle once more must not make itself the measure of itself.
        let tracker_records_before = match before {
            Some(same) if same.manifest_sha256 == received.manifest_sha256 => same.tracker_records_before,
            Some(earlier) => earlier.tracker_records,
            None => None,
        };
        Self {
            format: 1,
            root: received.anchor,
            sequence: manifest.sequence,
            manifest_sha256: received.manifest_sha256,
            bundle_keys: received.root.bundle.keys().to_vec(),
            version: manifest.version.clone(),
            made_at: manifest.made_at,
            not_after: manifest.not_after,
            imported_at: now,
            tracker_records_before,
            tracker_records: tracker_records(manifest),
        }
    }

    /// As the terms want it.
    #[must_use]
    pub fn held(&self) -> Held {
        Held {
            sequence: self.sequence,
            manifest_sha256: self.manifest_sha256,
            bundle_keys: self.bundle_keys.clone(),
        }
    }

    /// A later root counts more than any number, because numbers may begin anew under it.
    fn order(&self) -> (u64, u64, Timestamp) {
        (self.root.version, self.sequence, self.imported_at)
    }
}

impl Places {
    /// Where the package keeps them.
    #[must_use]
    pub fn of_machine() -> Self {
        Self {
            state: PathBuf::from("/var/lib/strongroom/updates"),
            settings: PathBuf::from("/etc/strongroom"),
        }
    }

    /// Both files.
    #[must_use]
    pub fn files(&self) -> [PathBuf; 2] {
        [self.state.join(FILE), self.settings.join(FILE)]
    }

    /// What was taken last; none where no bundle ever was.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(&self) -> Result<Option<Found>, RecordError> {
        let [state, settings] = self.files();
        Ok(match (read_one(&state)?, read_one(&settings)?) {
            (None, None) => None,
            (Some(record), None) | (None, Some(record)) => Some(Found { record, agree: false }),
            (Some(one), Some(other)) => {
                let agree = one == other;
                let record = if other.order() > one.order() { other } else { one };
                Some(Found { record, agree })
            }
        })
    }

    /// Writes it to both.
    ///
    /// # Errors
    /// [`RecordError`]; then the first place may have it and the other not, which counts as well.
    pub fn write(&self, record: &Record, access: Access) -> Result<(), RecordError> {
        for path in self.files() {
            let text = serde_json::to_vec_pretty(record).map_err(|source| RecordError::Malformed {
                path: path.clone(),
                source,
            })?;
            write::file(&path, &text, access)?;
        }
        Ok(())
    }
}

fn read_one(path: &Path) -> Result<Option<Record>, RecordError> {
    let Some(text) = write::read(path)? else {
        return Ok(None);
    };
    let record: Result<Record, _> = serde_json::from_slice(&text);
    record.map(Some).map_err(|source| RecordError::Malformed {
        path: path.to_owned(),
        source,
    })
}

fn tracker_records(manifest: &Manifest) -> Option<u64> {
    manifest.targets.iter().find_map(|target| match &target.content {
        Content::Tracker { records, .. } => Some(*records),
        _ => None,
    })
}
