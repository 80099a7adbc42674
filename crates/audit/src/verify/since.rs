//! The earlier checkpoint: the log must begin with its leaves.

use super::fault::FaultKind;
use super::report::Findings;
use crate::checkpoint::Checkpoint;
use crate::merkle::{Hash, Tree};

/// How far the comparison is.
#[derive(Debug)]
pub(super) enum Since {
    /// There is none, or it was compared.
    Settled(Option<u64>),
    /// The tree has not reached its size.
    Ahead(u64, Hash),
    /// A hidden part spans its size.
    Spanned,
}

impl Since {
    pub(super) fn begin(since: &Checkpoint, checkpoint: &Checkpoint, findings: &mut Findings) -> Self {
        if since.origin != checkpoint.origin {
            findings.whole(FaultKind::OtherLog);
            return Self::Settled(None);
        }
        if since.size > checkpoint.size {
            findings.whole(FaultKind::SetBack {
                size: checkpoint.size,
                seen: since.size,
            });
            return Self::Settled(None);
        }
        Self::Ahead(since.size, since.root)
    }

    /// The tree has grown.
    pub(super) fn compare(&mut self, tree: &Tree, findings: &mut Findings) {
        let Self::Ahead(size, root) = *self else { return };
        if tree.size() > size {
            *self = Self::Spanned;
        } else if tree.size() == size && tree.root() == root {
            *self = Self::Settled(Some(size));
        } else if tree.size() == size {
            *self = Self::Settled(None);
            findings.whole(FaultKind::Rewritten { size });
        }
    }

    /// The size that the log was found to continue, or why that cannot be told.
    pub(super) fn outcome(&self) -> (Option<u64>, Option<&'static str>) {
        match self {
            Self::Settled(size) => (*size, None),
            Self::Ahead(..) => (None, None),
            Self::Spanned => (
                None,
                Some(
                    "the export hides what the earlier checkpoint ends in; ask for one that is cut at its size",
                ),
            ),
        }
    }
}
