//! Openings that are gone, and the leaves that are said to explain it.
//!
//! Invariant: one erasure explains one record, or one organization; an export that hides more than was erased has
//! openings without an explanation. A restore explains the leaves of the range that it names.

use super::examine::{Facts, ObjectFact};
use super::fault::FaultKind;
use super::report::Findings;
use crate::leaf::{Leaf, LeafKind};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What waits for its explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gone {
    /// A header of the organization with that tag.
    Header([u8; 16]),
    /// An image of a record of the organization with that tag.
    Image([u8; 16], [u8; 16]),
}

/// Everything that waits for one leaf.
#[derive(Debug)]
struct Waiting {
    first: u64,
    last: u64,
    gone: BTreeSet<Gone>,
}

/// All that waits, by the leaf that is to explain it.
#[derive(Debug, Default)]
pub(super) struct Explanations {
    waiting: BTreeMap<u64, Waiting>,
    /// Organizations whose deletion has explained a tag.
    deleted: HashSet<String>,
    /// Tags that were explained by the deletion of their organization, and where.
    tags: BTreeMap<[u8; 16], u64>,
}

impl Explanations {
    /// Something of leaf `index` is gone, which leaf `by` is to explain.
    pub(super) fn wait(&mut self, index: u64, by: u64, gone: Gone, findings: &mut Findings) {
        if by < index {
            findings.leaf(index, FaultKind::Unexplained { by });
            return;
        }
        let waiting = self.waiting.entry(by).or_insert(Waiting {
            first: index,
            last: index,
            gone: BTreeSet::new(),
        });
        waiting.last = index;
        waiting.gone.insert(gone);
    }

    /// Leaf `by` is here; what its header says, if it is shown.
    pub(super) fn explain(&mut self, by: u64, leaf: &Leaf, header: Option<&Facts>, findings: &mut Findings) {
        let Some(waiting) = self.waiting.remove(&by) else {
            return;
        };
        let is_explained = match (leaf.kind, header.map(|header| &header.object)) {
            (LeafKind::Erasure, Some(ObjectFact::Record(Some(record)))) => {
                explains_record(&waiting, leaf, *record)
            }
            (LeafKind::Erasure, Some(ObjectFact::Organization(Some(organization)))) => {
                self.explains_organization(&waiting, by, leaf, organization)
            }
            (LeafKind::Restore, Some(ObjectFact::Log(Some(range)))) => explains_range(&waiting, leaf, range),
            _ => false,
        };
        if !is_explained {
            findings.leaf(waiting.first, FaultKind::Unexplained { by });
        }
    }

    /// Ends: what still waits was explained by nothing. `is_opened` says whether a header of a tag was shown.
    pub(super) fn finish(self, is_opened: impl Fn(&[u8; 16]) -> bool, findings: &mut Findings) {
        for (by, waiting) in self.waiting {
            findings.leaf(waiting.first, FaultKind::Unexplained { by });
        }
        for (_, by) in self.tags.into_iter().filter(|(tag, _)| is_opened(tag)) {
            findings.leaf(by, FaultKind::NotErased);
        }
    }

    /// The deletion of an organization stands in the appliance's own log, and explains one tag.
    fn explains_organization(&mut self, waiting: &Waiting, by: u64, leaf: &Leaf, organization: &str) -> bool {
        let mut tags = waiting.gone.iter().map(|gone| match gone {
            Gone::Header(tag) | Gone::Image(tag, _) => *tag,
        });
        let Some(tag) = tags.next() else { return false };
        let is_one = tags.all(|other| other == tag) && tag != [0; 16];
        let is_new = self.deleted.insert(organization.to_owned()) && self.tags.insert(tag, by).is_none();
        leaf.organization_tag == [0; 16] && is_one && is_new
    }
}

/// The erasure of a record stands in its organization's log.
fn explains_record(waiting: &Waiting, leaf: &Leaf, record: [u8; 16]) -> bool {
    let expected = Gone::Image(leaf.organization_tag, record);
    waiting.gone.iter().all(|gone| *gone == expected)
}

/// A restore names the leaves whose contents it lost as `FIRST-LAST`, in the appliance's log, or in that of the one
/// organization that was restored.
fn explains_range(waiting: &Waiting, leaf: &Leaf, range: &str) -> bool {
    let is_own = waiting.gone.iter().all(|gone| match gone {
        Gone::Header(tag) | Gone::Image(tag, _) => *tag == leaf.organization_tag,
    });
    let range = range.split_once('-');
    let range = range.and_then(|(first, last)| Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?)));
    (is_own || leaf.organization_tag == [0; 16])
        && range.is_some_and(|(first, last)| first <= waiting.first && waiting.last <= last)
}
