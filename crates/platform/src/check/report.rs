//! What a check of the log found.
//!
//! Invariant: a report names entries and records, never values.

use serde::Serialize;
use std::time::Duration;
use types::{EntryId, RecordId};

/// Most faults that a report lists; all are counted.
pub const FAULTS_MAX: usize = 100;

/// What is wrong, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultCode {
    /// A sealed header does not open.
    HeaderUnreadable,
    /// A header is not the one committed to.
    HeaderCommitment,
    /// A header names another entry, organization or time.
    HeaderImplausible,
    /// An entry stands before one that came earlier.
    EntryOrder,
    /// An image's entry is gone.
    EntryMissing,
    /// An entry's `c_after` is not what its images commit to.
    EntryCommitment,
    /// An entry's `c_before` is not the version before.
    EntryLink,
    /// An entry is neither in the log nor waits for it.
    EntryUnlogged,
    /// An entry is not what its leaf, or its line in the outbox, commits to.
    EntryAltered,
    /// The entry of a leaf, or of a line in the outbox, is gone.
    EntryGone,
    /// An entry or leaf has the commitment of another: whoever speaks SQL as the organization entered one twice.
    EntryRepeated,
    /// Leaves of this log are gone.
    LeafMissing,
    /// A leaf does not continue the one before it in this log.
    LeafLink,
    /// A leaf cannot be read.
    LeafUnreadable,
    /// A leaf in the database is not the one in the tiles.
    LeafAltered,
    /// A tile is gone, or is not the one that the leaves make.
    TileAltered,
    /// The leaves do not have the root that was signed.
    RootAltered,
    /// The signed log is refused as a whole.
    LogRefused,
    /// An organization is gone whose deletion no entry tells.
    OrganizationGone,
    /// Entries have waited too long for the log.
    EntryLate,
    /// A version's image is gone.
    ImageMissing,
    /// A sealed image does not open, and no erasure explains it.
    ImageUnreadable,
    /// An image is not the one committed to.
    ImageCommitment,
    /// A record's row is gone without an erasure.
    RowMissing,
    /// A row is not the newest version in the log.
    RowVersion,
    /// A row's values are not those of its newest image.
    RowValues,
    /// A row's sealed values do not open.
    RowUnreadable,
    /// A row was last written by a transaction that the log does not know.
    RowStranger,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// What is wrong.
    pub code: FaultCode,
    /// In whose log; none is the appliance's.
    pub organization: Option<String>,
    /// At which entry.
    pub entry: Option<EntryId>,
    /// At which record.
    pub record: Option<RecordId>,
    /// A sentence for people.
    pub detail: String,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Whose log; none is the appliance's.
    pub organization: Option<String>,
    /// Entries read.
    pub entries: u64,
    /// Images read.
    pub images: u64,
    /// Rows in datasets, live and in the trash.
    pub records: u64,
    /// Records that were erased, with the entry that says so.
    pub erased: u64,
    /// Entries that wait for the log beyond those that one check compares: of these nothing is known.
    pub unchecked: u64,
    /// The first [`FAULTS_MAX`] faults.
    pub faults: Vec<AuditFault>,
    /// All faults.
    pub faults_total: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl AuditReport {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults_total == 0
    }
}

/// A report in the making.
pub(super) struct Findings {
    organization: Option<String>,
    pub(super) entries: u64,
    pub(super) images: u64,
    pub(super) records: u64,
    pub(super) erased: u64,
    pub(super) unchecked: u64,
    faults: Vec<AuditFault>,
    faults_total: u64,
}

impl Findings {
    pub(super) fn new(organization: Option<String>) -> Self {
        Self {
            organization,
            entries: 0,
            images: 0,
            records: 0,
            erased: 0,
            unchecked: 0,
            faults: Vec::new(),
            faults_total: 0,
        }
    }

    pub(super) fn entry(&mut self, code: FaultCode, entry: EntryId, detail: impl Into<String>) {
        self.push(code, Some(entry), None, detail.into());
    }

    pub(super) fn record(&mut self, code: FaultCode, record: RecordId, detail: impl Into<String>) {
        self.push(code, None, Some(record), detail.into());
    }

    pub(super) fn push(
        &mut self,
        code: FaultCode,
        entry: Option<EntryId>,
        record: Option<RecordId>,
        detail: String,
    ) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(AuditFault {
                code,
                organization: self.organization.clone(),
                entry,
                record,
                detail,
            });
        }
    }

    pub(super) fn report(self, took: Duration) -> AuditReport {
        AuditReport {
            organization: self.organization,
            entries: self.entries,
            images: self.images,
            records: self.records,
            erased: self.erased,
            unchecked: self.unchecked,
            faults: self.faults,
            faults_total: self.faults_total,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
