//! The record of PostgreSQL's major upgrade: one that is under way, or the last one and whether its old cluster is kept.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::folder::{Folder, RecordError};

/// While it is under way; whoever finds this file knows of one that was cut off.
const UNDER_WAY: &str = "cluster-upgrade.json";
/// The last one that ended.
const LAST: &str = "cluster-last.json";

/// A step of a major upgrade, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MajorPhase {
    /// Nobody can change anything any more, and everything is stopped.
    Hold,
    /// The new cluster is made out of the old one.
    Copy,
    /// The new one is whole: it has the port, and is started and looked at.
    Judge,
    /// It is well, and people are let in: from here on there is no way back that loses nothing.
    Open,
    /// The old one is put back.
    Return,
}

/// How a major upgrade ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MajorOutcome {
    /// The new cluster serves and is well; the old one is kept, stopped.
    Kept,
    /// The new cluster serves, and the old one is destroyed.
    Confirmed,
    /// It was not well, or was cut off: the old one serves as before.
    Undone,
    /// Somebody went back to the old one, and lost what was written since.
    Returned,
}

/// An upgrade of the cluster from one major to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MajorUpgrade {
    /// The cluster's name, which both have.
    pub cluster: String,
    /// The port that the appliance knows it by.
    pub port: u16,
    /// The major before.
    pub from: u32,
    /// The major that was wanted.
    pub to: u32,
    /// Where the new cluster's data lies; nothing was there before.
    pub data_folder: PathBuf,
    /// The step that it came to.
    pub phase: MajorPhase,
    /// Until then nobody can have changed anything.
    pub frozen_until: Option<Timestamp>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended; none while it is under way, and where it was cut off.
    pub outcome: Option<MajorOutcome>,
    /// Why it did not end well.
    pub why: Option<String>,
}

impl Folder {
    /// The major upgrade under way, or one that was cut off.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn major_under_way(&self) -> Result<Option<MajorUpgrade>, RecordError> {
        self.read(UNDER_WAY)
    }

    /// The major upgrade that ended last.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn major_last(&self) -> Result<Option<MajorUpgrade>, RecordError> {
        self.read(LAST)
    }

    /// Notes how far it is; on the disk when this returns.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_major(&self, upgrade: &MajorUpgrade) -> Result<(), RecordError> {
        self.write(UNDER_WAY, upgrade)
    }

    /// Notes how it ended; then it is under way no more.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn finish_major(&self, upgrade: &MajorUpgrade) -> Result<(), RecordError> {
        self.write(LAST, upgrade)?;
        self.remove(UNDER_WAY)
    }
}
