//! A receipt that somebody holds: the leaf that an export must show, at that index and with that hash.
//!
//! Numbers are dense and linked, but two leaves can bear one number of an organization; an export that hides one of them
//! is whole by itself. Only the index and the hash of a leaf that somebody kept tell that another was shown for it.

use super::fault::FaultKind;
use super::report::Findings;
use crate::checkpoint::Checkpoint;
use crate::export::Scope;
use crate::merkle::{Hash, leaf_hash};
use crate::note::KeyName;
use crate::policy::Policy;
use crate::receipt::{Receipt, ReceiptError};

/// A leaf that a receipt has proven. Invariant: made only of a receipt that its policy accepts.
#[derive(Debug, Clone)]
pub struct Held {
    index: u64,
    hash: Hash,
    tag: [u8; 16],
    origin: KeyName,
}

impl Held {
    /// The leaf of a receipt.
    ///
    /// # Errors
    /// The receipt proves nothing.
    pub fn of(receipt: &Receipt, policy: &Policy) -> Result<Self, ReceiptError> {
        let (leaf, trusted) = receipt.check(policy)?;
        Ok(Self {
            index: receipt.index,
            hash: leaf_hash(&receipt.leaf),
            tag: leaf.organization_tag,
            origin: trusted.checkpoint.origin,
        })
    }
}

/// How far the comparison is.
#[derive(Debug)]
pub(super) enum Comparison {
    /// There is no receipt.
    None,
    /// The tree has not reached its leaf.
    Ahead(Held),
    /// It was compared; the index of its leaf.
    Made(u64),
    /// It cannot be compared.
    Impossible(&'static str),
}

impl Comparison {
    pub(super) fn begin(held: Held, checkpoint: Option<&Checkpoint>) -> Self {
        match checkpoint {
            Some(checkpoint) if checkpoint.origin != held.origin => {
                Self::Impossible("the receipt is of another log")
            }
            Some(checkpoint) if held.index >= checkpoint.size => Self::Impossible(
                "the receipt's leaf stands behind the export's checkpoint; ask for a newer export",
            ),
            Some(_) | None => Self::Ahead(held),
        }
    }

    /// A leaf is shown.
    pub(super) fn take_leaf(&mut self, index: u64, hash: Hash, findings: &mut Findings) {
        let Self::Ahead(held) = self else { return };
        if held.index != index {
            return;
        }
        if held.hash != hash {
            findings.leaf(index, FaultKind::Receipt);
        }
        *self = Self::Made(index);
    }

    /// Leaves from `first` on are hidden, so many.
    pub(super) fn take_hidden(&mut self, scope: Scope, first: u64, size: u64, findings: &mut Findings) {
        let Self::Ahead(held) = self else { return };
        if held.index < first || held.index - first >= size {
            return;
        }
        if scope == Scope::Organization(held.tag) {
            findings.leaf(held.index, FaultKind::ReceiptHidden);
            *self = Self::Made(held.index);
        } else {
            *self = Self::Impossible("the receipt is of an organization that the export does not show");
        }
    }

    /// The index of the leaf that was compared, or why none was.
    pub(super) fn outcome(&self) -> (Option<u64>, Option<&'static str>) {
        match self {
            Self::None => (None, None),
            Self::Ahead(_) => (None, Some("the export does not reach the receipt's leaf")),
            Self::Made(index) => (Some(*index), None),
            Self::Impossible(reason) => (None, Some(*reason)),
        }
    }
}
