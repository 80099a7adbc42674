//! Openings that are gone, and the leaves that are said to explain it.
//!
//! Invariant: one erasure explains one record, or one organization, all of it; an export that hides more than was erased
//! has openings without an explanation. A restore explains the leaves of the range that it names, all before its own.
//! What was explained by what is reported, since whoever holds the log's key can write such a leaf.

use super::examine::{Facts, ObjectFact};
use super::fault::{Fault, FaultKind};
use super::home::Homes;
use super::image::{Records, parse_uuid};
use super::report::{Explained, Explanation, Findings, Lost};
use crate::leaf::{Leaf, LeafKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What waits for its explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gone {
    /// A header of the organization with that tag.
    Header([u8; 16]),
    /// An image of a record of the organization with that tag.
    Image([u8; 16], [u8; 16]),
}

impl Gone {
    fn tag(self) -> [u8; 16] {
        match self {
            Self::Header(tag) | Self::Image(tag, _) => tag,
        }
    }
}

/// Everything that waits for one leaf.
#[derive(Debug)]
struct Waiting {
    first: u64,
    last: u64,
    count: u64,
    gone: BTreeSet<Gone>,
}

/// All that waits, by the leaf that is to explain it, and what was explained.
#[derive(Debug, Default)]
pub(super) struct Explanations {
    waiting: BTreeMap<u64, Waiting>,
    /// Organizations whose deletion has explained a tag, and where.
    deleted: HashMap<[u8; 16], u64>,
    /// Tags that were explained by the deletion of their organization, and where.
    tags: BTreeMap<[u8; 16], u64>,
    /// Records, by tag, that were explained by their erasure, and where.
    records: BTreeMap<([u8; 16], [u8; 16]), u64>,
    explained: Explained,
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
            count: 0,
            gone: BTreeSet::new(),
        });
        waiting.last = index;
        waiting.count += 1;
        waiting.gone.insert(gone);
    }

    /// Leaf `by` is here; what its header says, if it is shown.
    pub(super) fn explain(&mut self, by: u64, leaf: &Leaf, header: Option<&Facts>, findings: &mut Findings) {
        let Some(waiting) = self.waiting.remove(&by) else {
            return;
        };
        let object = header.map(|header| &header.object);
        let explained = match (leaf.kind, object) {
            (LeafKind::Erasure, Some(ObjectFact::Record(Some(record)))) => {
                self.by_record(&waiting, by, leaf, *record)
            }
            (LeafKind::Erasure, Some(ObjectFact::Organization(Some(organization)))) => {
                self.by_organization(&waiting, by, leaf, organization)
            }
            (LeafKind::Restore, Some(ObjectFact::Log(Some(range)))) => by_range(&waiting, by, leaf, range),
            _ => None,
        };
        let Some((lost, tag)) = explained else {
            findings.leaf(waiting.first, FaultKind::Unexplained { by });
            return;
        };
        self.explained.push(Explanation {
            leaf: by,
            lost,
            tag,
            openings: waiting.count,
        });
    }

    /// Leaves from `first` on are hidden, so many: what was to be explained by one of them cannot be told.
    pub(super) fn hide(&mut self, first: u64, size: u64) {
        let end = first.saturating_add(size);
        let mut hidden = self.waiting.split_off(&first);
        self.waiting.append(&mut hidden.split_off(&end));
        self.explained.hidden += hidden.values().map(|waiting| waiting.count).sum::<u64>();
    }

    /// Ends: what still waits was explained by nothing, and nothing is shown of what was erased.
    pub(super) fn finish(self, homes: &Homes, records: &Records, findings: &mut Findings) -> Explained {
        for (by, waiting) in self.waiting {
            findings.leaf(waiting.first, FaultKind::Unexplained { by });
        }
        let is_opened = |tag: &[u8; 16]| homes.get(tag).is_some_and(|home| home.is_opened);
        let tags = self.tags.into_iter().filter(|(tag, _)| is_opened(tag));
        let organizations = self.deleted.into_iter().filter(|(id, _)| homes.is_shown(id));
        let shown: BTreeSet<u64> = tags.chain(organizations).map(|(_, by)| by).collect();
        for by in shown {
            findings.leaf(by, FaultKind::NotErased);
        }
        for ((tag, record), by) in self.records {
            if homes
                .get(&tag)
                .is_some_and(|home| records.is_opened(home.number, record))
            {
                findings.push(Fault {
                    index: Some(by),
                    entry: None,
                    record: Some(record),
                    kind: FaultKind::NotErased,
                });
            }
        }
        self.explained
    }

    /// The erasure of a record stands in its organization's log.
    fn by_record(&mut self, waiting: &Waiting, by: u64, leaf: &Leaf, record: [u8; 16]) -> Option<Whose> {
        let tag = leaf.organization_tag;
        let expected = Gone::Image(tag, record);
        waiting.gone.iter().all(|gone| *gone == expected).then_some(())?;
        self.records.insert((tag, record), by);
        Some((Lost::Record(record), Some(tag)))
    }

    /// The deletion of an organization stands in the appliance's own log, and explains one tag.
    fn by_organization(
        &mut self,
        waiting: &Waiting,
        by: u64,
        leaf: &Leaf,
        organization: &str,
    ) -> Option<Whose> {
        // In one spelling only, so that one organization is not deleted twice.
        let id = parse_uuid(organization)?;
        let mut tags = waiting.gone.iter().map(|gone| gone.tag());
        let tag = tags.next()?;
        let is_one = tags.all(|other| other == tag) && tag != [0; 16];
        let is_new = self.deleted.insert(id, by).is_none() && self.tags.insert(tag, by).is_none();
        (leaf.organization_tag == [0; 16] && is_one && is_new).then_some((Lost::Organization(id), Some(tag)))
    }
}

/// What was erased or lost, and the tag of its organization where it is of one.
type Whose = (Lost, Option<[u8; 16]>);

/// A restore names the leaves whose contents it lost as `FIRST-LAST`, in the appliance's log, or in that of the one
/// organization that was restored. Nothing is lost that was written after it.
fn by_range(waiting: &Waiting, by: u64, leaf: &Leaf, range: &str) -> Option<Whose> {
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
    // Signs and leading zeroes show as another spelling.
    (format!("{first}-{last}") == range).then_some(())?;
    let tag = leaf.organization_tag;
    let is_own = waiting.gone.iter().all(|gone| gone.tag() == tag);
    let is_range = first <= last && last < by;
    let is_inside = first <= waiting.first && waiting.last <= last;
    ((is_own || tag == [0; 16]) && is_range && is_inside)
        .then(|| (Lost::Leaves { first, last }, (tag != [0; 16]).then_some(tag)))
}
