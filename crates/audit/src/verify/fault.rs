//! What can be wrong with an export, and where.

use crate::export::FormatError;
use crate::policy::TrustError;
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Index of the leaf, where it is about one.
    pub index: Option<u64>,
    /// Its entry (UUID bytes), where its header could be read.
    pub entry: Option<[u8; 16]>,
    /// The record (UUID bytes), where it is about one.
    pub record: Option<[u8; 16]>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// Which of the two verdicts a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Something is not what was committed to.
    Integrity,
    /// Something is left out.
    Completeness,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The file itself.
    #[error("{0}")]
    Format(FormatError),
    /// Its checkpoint is no signed note.
    #[error("the checkpoint is no signed note: {0}")]
    Note(crate::note::NoteError),
    /// The policy does not accept its checkpoint.
    #[error("the checkpoint is not accepted: {0}")]
    Trust(TrustError),
    /// The leaves are not the tree that was signed.
    #[error("the {found} leaves are not the tree of {size} leaves that was signed")]
    Root {
        /// Number of leaves of the export.
        found: u64,
        /// Number of leaves of the checkpoint.
        size: u64,
    },
    /// The log is not a continuation of what the auditor has seen.
    #[error("the log does not begin with the {size} leaves of the earlier checkpoint: it was rewritten")]
    Rewritten {
        /// Number of leaves seen before.
        size: u64,
    },
    /// The log is shorter than what the auditor has seen.
    #[error("the log has {size} leaves, fewer than the {seen} of the earlier checkpoint: it was set back")]
    SetBack {
        /// Number of leaves.
        size: u64,
        /// Number of leaves seen before.
        seen: u64,
    },
    /// The earlier checkpoint is of another log.
    #[error("the earlier checkpoint is of another log")]
    OtherLog,
    /// A leaf that cannot be read.
    #[error("the leaf is none of format version 1")]
    Leaf,
    /// A leaf names another predecessor than the one that stands before it.
    #[error("the leaf does not continue the one before it in its organization")]
    Link,
    /// A number of the organization is left out or stands twice.
    #[error("the leaf has number {found} in its organization, where {expected} should stand")]
    Sequence {
        /// The number that should stand here.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// Sequencing time goes back.
    #[error("the leaf was sequenced before the one before it")]
    LeafTime,
    /// An entry says that it came after it was sequenced.
    #[error("the entry says that it happened after it was sequenced")]
    EntryTime,
    /// The log has another leaf where a receipt has proven one.
    #[error("the leaf is not the one that the receipt proves to stand here: the log was written twice")]
    Receipt,
    /// A leaf of the organization that a receipt has proven is hidden.
    #[error("the leaf that the receipt proves to be the organization's is not shown")]
    ReceiptHidden,
    /// A leaf of another organization in an export of one.
    #[error("the leaf is not of the organization that is exported")]
    Scope,
    /// A heartbeat with contents, or of an organization.
    #[error("the heartbeat has contents")]
    Heartbeat,
    /// A header that is not the one committed to.
    #[error("the header is not the one committed to")]
    HeaderCommitment,
    /// A header that is committed to but cannot be read.
    #[error("the header is none of format version 1")]
    Header,
    /// A header of another organization than its leaf's tag, or an organization under a second tag.
    #[error("the header is of another organization than the entries before it")]
    Organization,
    /// An entry among the appliance's own that belongs in an organization's log.
    #[error("the entry is about records, which the appliance has none of")]
    Appliance,
    /// One entry has two leaves.
    #[error("the entry stands in the log a second time")]
    Twice,
    /// Place and number in the transaction cannot be.
    #[error("the header's place in its transaction cannot be")]
    Place,
    /// The images are not those committed to.
    #[error("what the entry says of its records is not what was committed to")]
    After,
    /// An image that is committed to but cannot be read.
    #[error("an image is none of format version 1")]
    Image,
    /// The version before is another than the one that the entry changed.
    #[error("the entry does not continue the version of the record before it")]
    Before,
    /// A record other than the one that the entry is about.
    #[error("the image is of another record than its entry")]
    Record,
    /// An opening where nothing is committed to, or out of order.
    #[error("something is shown that the entry did not commit to")]
    Superfluous,
    /// Entries of an organization, or versions of a record, are shown although it is said to be erased.
    #[error("what the leaf is said to have erased is shown elsewhere")]
    NotErased,
    /// A header is not shown.
    #[error("the header cannot be opened, and nothing in the log explains it")]
    HeaderMissing,
    /// An image is not shown.
    #[error("an image cannot be opened, and nothing in the log explains it")]
    ImageMissing,
    /// A version of a record is left out.
    #[error("version {found} of a record follows version {before}")]
    Version {
        /// The version before; 0 where there is none.
        before: u64,
        /// The version found.
        found: u64,
    },
    /// What is said to explain a missing opening does not.
    #[error("leaf {by} is said to explain why something cannot be opened, and does not")]
    Unexplained {
        /// Index of the leaf named.
        by: u64,
    },
    /// Leaves are hidden in an export of everything.
    #[error("leaves are left out of an export of everything")]
    Hidden,
    /// The log announced a key that does not sign, or none that could.
    #[error("the newest key that the log announces, which this leaf names, has not signed the checkpoint")]
    NewKey,
    /// Some entries of a transaction are not there.
    #[error("a transaction of {total} entries is not whole")]
    Transaction {
        /// Number of entries that it should have.
        total: u32,
    },
}

impl FaultKind {
    /// Which verdict it is about.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Self::Sequence { .. }
            | Self::HeaderMissing
            | Self::ImageMissing
            | Self::Version { .. }
            | Self::Unexplained { .. }
            | Self::Hidden
            | Self::ReceiptHidden
            | Self::NotErased
            | Self::Transaction { .. } => Side::Completeness,
            Self::Format(_)
            | Self::Note(_)
            | Self::Trust(_)
            | Self::Root { .. }
            | Self::Rewritten { .. }
            | Self::SetBack { .. }
            | Self::OtherLog
            | Self::Receipt
            | Self::Leaf
            | Self::Link
            | Self::LeafTime
            | Self::EntryTime
            | Self::Scope
            | Self::Heartbeat
            | Self::HeaderCommitment
            | Self::Header
            | Self::Organization
            | Self::Appliance
            | Self::Twice
            | Self::Place
            | Self::After
            | Self::Image
            | Self::Before
            | Self::Record
            | Self::Superfluous
            | Self::NewKey => Side::Integrity,
        }
    }

    /// A word for programs, which does not change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "format",
            Self::Note(_) => "note",
            Self::Trust(_) => "trust",
            Self::Root { .. } => "root",
            Self::Rewritten { .. } => "rewritten",
            Self::SetBack { .. } => "set-back",
            Self::OtherLog => "other-log",
            Self::Receipt => "receipt",
            Self::ReceiptHidden => "receipt-hidden",
            Self::Leaf => "leaf",
            Self::Link => "link",
            Self::Sequence { .. } => "sequence",
            Self::LeafTime => "leaf-time",
            Self::EntryTime => "entry-time",
            Self::Scope => "scope",
            Self::Heartbeat => "heartbeat",
            Self::HeaderCommitment => "header-commitment",
            Self::Header => "header",
            Self::Organization => "organization",
            Self::Appliance => "appliance",
            Self::Twice => "twice",
            Self::Place => "place",
            Self::After => "after",
            Self::Image => "image",
            Self::Before => "before",
            Self::Record => "record",
            Self::Superfluous => "superfluous",
            Self::NotErased => "not-erased",
            Self::HeaderMissing => "header-missing",
            Self::ImageMissing => "image-missing",
            Self::Version { .. } => "version",
            Self::Unexplained { .. } => "unexplained",
            Self::Hidden => "hidden",
            Self::NewKey => "new-key",
            Self::Transaction { .. } => "transaction",
        }
    }
}

/// `leaf 17, entry 0190a1b2-..., record ...: the header is not the one committed to`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = Vec::new();
        places.extend(self.index.map(|index| format!("leaf {index}")));
        places.extend(self.entry.map(|entry| format!("entry {}", uuid(&entry))));
        places.extend(self.record.map(|record| format!("record {}", uuid(&record))));
        if places.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "{}: {}", places.join(", "), self.kind)
        }
    }
}

/// The text of a UUID (RFC 9562 section 4).
#[must_use]
pub fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}
