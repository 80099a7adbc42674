//! What came out of a verification.

use super::fault::{Fault, FaultKind};
use crate::export::{FormatError, Scope};
use crate::policy::Trusted;

/// Faults listed of each side; the rest are counted.
pub const FAULTS_MAX: usize = 20;

/// Explanations listed of each kind; the rest are counted.
pub const EXPLANATIONS_MAX: usize = 1_000;

/// What is to be thought of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All checks were made, and all hold.
    Holds,
    /// The first faults, in order, at most [`FAULTS_MAX`], and how many there are in all.
    Broken(Vec<Fault>, u64),
    /// A check could not be made.
    Unknown(&'static str),
}

/// What the export showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Leaves shown.
    pub leaves: u64,
    /// Leaves of others, which are only counted.
    pub hidden: u64,
    /// Headers that were opened.
    pub headers: u64,
    /// Images that were opened.
    pub images: u64,
    /// Headers and images that are gone, and that the log explains.
    pub gone: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Organizations, the appliance's own entries among them.
    pub organizations: u64,
    /// Transactions of which a part may stand after the checkpoint.
    pub open_transactions: u64,
}

/// What an export is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Whose entries.
    pub scope: Option<Scope>,
    /// Highest number of the organization, in an export of one.
    pub last_sequence: Option<u64>,
    /// Sequencing times of the first and the last leaf shown, in milliseconds since 1970.
    pub times_ms: Option<(u64, u64)>,
}

/// What a leaf says was erased or lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// A record (UUID bytes) was erased.
    Record([u8; 16]),
    /// An organization (UUID bytes) was deleted.
    Organization([u8; 16]),
    /// A restore lost the contents of these leaves, first and last.
    Leaves {
        /// Index of the first.
        first: u64,
        /// Index of the last.
        last: u64,
    },
}

/// A leaf that explains why something cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Its index.
    pub leaf: u64,
    /// What it says was erased or lost.
    pub lost: Lost,
    /// The tag of the organization whose openings are gone; nothing for a restore of everything.
    pub tag: Option<[u8; 16]>,
    /// Headers and images that it explains.
    pub openings: u64,
}

/// All explanations. Whoever signs the log can write one, so a reader asks for what each is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// Restores and deletions of organizations, in order, at most [`EXPLANATIONS_MAX`]: they may explain much.
    pub wide: Vec<Explanation>,
    /// How many of them there are in all.
    pub wide_count: u64,
    /// Erasures of records, in order, at most [`EXPLANATIONS_MAX`].
    pub records: Vec<Explanation>,
    /// How many of them there are in all.
    pub record_count: u64,
    /// Openings that leaves of others, which the export does not show, are said to explain.
    pub hidden: u64,
}

impl Explained {
    pub(super) fn push(&mut self, explanation: Explanation) {
        let (list, count) = match explanation.lost {
            Lost::Record(_) => (&mut self.records, &mut self.record_count),
            Lost::Organization(_) | Lost::Leaves { .. } => (&mut self.wide, &mut self.wide_count),
        };
        *count += 1;
        if list.len() < EXPLANATIONS_MAX {
            list.push(explanation);
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether what is shown is what was committed to.
    pub integrity: Verdict,
    /// Whether all is shown.
    pub completeness: Verdict,
    /// The checkpoint and who signed it, if the policy accepts it.
    pub trusted: Option<Trusted>,
    /// Size of the earlier checkpoint that the log was found to continue.
    pub continues: Option<u64>,
    /// Index of the leaf that a receipt was compared with.
    pub receipt: Option<u64>,
    /// What the export is of.
    pub shown: Shown,
    /// Why what is gone is gone.
    pub explained: Explained,
    /// What it showed.
    pub counts: Counts,
}

impl Report {
    /// Of a file whose beginning is damaged.
    #[must_use]
    pub fn of_damaged(error: FormatError) -> Self {
        let mut findings = Findings::default();
        findings.whole(FaultKind::Format(error));
        let (integrity, completeness) = findings.verdicts(None);
        Self {
            integrity,
            completeness,
            trusted: None,
            continues: None,
            receipt: None,
            shown: Shown::default(),
            explained: Explained::default(),
            counts: Counts::default(),
        }
    }

    /// Whether both hold.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.integrity == Verdict::Holds && self.completeness == Verdict::Holds
    }

    /// Whether either is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let is_broken = |verdict: &Verdict| matches!(verdict, Verdict::Broken(..));
        is_broken(&self.integrity) || is_broken(&self.completeness)
    }
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    integrity: (Vec<Fault>, u64),
    completeness: (Vec<Fault>, u64),
}

impl Findings {
    pub(super) fn push(&mut self, fault: Fault) {
        let (list, count) = match fault.kind.side() {
            super::Side::Integrity => &mut self.integrity,
            super::Side::Completeness => &mut self.completeness,
        };
        *count += 1;
        if list.len() < FAULTS_MAX {
            list.push(fault);
        }
    }

    /// A fault of the export as a whole.
    pub(super) fn whole(&mut self, kind: FaultKind) {
        self.push(Fault {
            index: None,
            entry: None,
            record: None,
            kind,
        });
    }

    /// A fault of a leaf, without more to say.
    pub(super) fn leaf(&mut self, index: u64, kind: FaultKind) {
        self.push(Fault {
            index: Some(index),
            entry: None,
            record: None,
            kind,
        });
    }

    /// Integrity and completeness; `unknown` is why completeness cannot be told though nothing is wrong.
    pub(super) fn verdicts(self, unknown: Option<&'static str>) -> (Verdict, Verdict) {
        let verdict = |(faults, count): (Vec<Fault>, u64)| match count {
            0 => Verdict::Holds,
            _ => Verdict::Broken(faults, count),
        };
        let (integrity, completeness) = (verdict(self.integrity), verdict(self.completeness));
        let completeness = match (&integrity, completeness, unknown) {
            // Numbers and links prove nothing in a log that nobody signed.
            (Verdict::Broken(..), Verdict::Holds, _) => {
                Verdict::Unknown("completeness means nothing while integrity is broken")
            }
            (_, Verdict::Holds, Some(reason)) => Verdict::Unknown(reason),
            (_, completeness, _) => completeness,
        };
        (integrity, completeness)
    }
}
