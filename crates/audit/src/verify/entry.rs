//! The leaf that is being read, until the next one begins: its header, and what its images add up to.
//!
//! Invariant: an entry about one record commits to that record's image; every other one that changes records commits
//! to the RFC 6962 root over their commitments, in order, and to that over the commitments of the versions before.

use super::examine::{Facts, ImageKind, ImagePart, ObjectFact};
use super::fault::{Fault, FaultKind};
use super::image::{Newest, Records};
use super::report::Findings;
use crate::Commitment;
use crate::leaf::{Leaf, LeafKind};
use crate::merkle::Tree;

/// What was shown of the header.
#[derive(Debug)]
pub(super) enum Shown {
    /// No header yet.
    Nothing,
    /// The header.
    Open(Box<Facts>),
    /// It is gone, and a leaf is to explain it. Nothing may be shown behind it.
    Gone,
    /// It is missing or cannot be read, which was said already.
    Faulty,
}

/// The leaf that is being read.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) index: u64,
    pub(super) leaf: Box<Leaf>,
    pub(super) home: u32,
    pub(super) header: Shown,
    images: u64,
    /// The first image: its record and commitment, and the commitment of the version before.
    first: Option<([u8; 16], Commitment, Commitment)>,
    after: Tree,
    before: Tree,
    /// Whether every image is the first of its record.
    is_all_new: bool,
}

impl Current {
    pub(super) fn new(index: u64, leaf: Box<Leaf>, home: u32) -> Self {
        Self {
            index,
            leaf,
            home,
            header: Shown::Nothing,
            images: 0,
            first: None,
            after: Tree::default(),
            before: Tree::default(),
            is_all_new: true,
        }
    }

    /// A fault of this entry.
    pub(super) fn fault(&self, record: Option<[u8; 16]>, kind: FaultKind) -> Fault {
        let entry = match &self.header {
            Shown::Open(header) => Some(header.entry_id),
            Shown::Nothing | Shown::Gone | Shown::Faulty => None,
        };
        Fault {
            index: Some(self.index),
            entry,
            record,
            kind,
        }
    }

    /// Takes an image that belongs here; true when its being gone is to be explained.
    pub(super) fn take(&mut self, image: &ImagePart, records: &mut Records, findings: &mut Findings) {
        let record = image.record;
        let newest = Newest {
            version: image.version,
            commitment: image.commitment,
            is_opened: image.kind == ImageKind::Open,
        };
        let before = records.replace(self.home, record, newest);
        let fault = |kind| self.fault(Some(record), kind);
        if image.version != before.version.saturating_add(1) {
            findings.push(fault(FaultKind::Version {
                before: before.version,
                found: image.version,
            }));
        }
        match image.kind {
            ImageKind::Open | ImageKind::Gone { .. } => {}
            ImageKind::Unreadable => findings.push(fault(FaultKind::Image)),
            ImageKind::Missing => findings.push(fault(FaultKind::ImageMissing)),
        }
        self.images += 1;
        self.first
            .get_or_insert((record, image.commitment, before.commitment));
        if !self.is_about_record() {
            self.after.push(&image.commitment.0);
            self.before.push(&before.commitment.0);
        }
        self.is_all_new &= before.commitment == Commitment::ZERO;
    }

    /// Whether the entry is about one record, and commits to its image itself.
    fn is_about_record(&self) -> bool {
        matches!(&self.header, Shown::Open(header) if matches!(header.object, ObjectFact::Record(_)))
    }

    /// Whether images may be shown here.
    pub(super) fn takes_images(&self) -> bool {
        matches!(self.header, Shown::Open(_)) && self.leaf.after != Commitment::ZERO
    }

    /// The leaf is whole: compares what was shown with what it commits to.
    pub(super) fn settle(&self, findings: &mut Findings) {
        match &self.header {
            Shown::Nothing if self.leaf.kind == LeafKind::Heartbeat => self.check_heartbeat(findings),
            Shown::Nothing => findings.push(self.fault(None, FaultKind::HeaderMissing)),
            Shown::Open(_) | Shown::Gone | Shown::Faulty if self.leaf.kind == LeafKind::Heartbeat => {
                findings.push(self.fault(None, FaultKind::Superfluous));
            }
            Shown::Open(header) => self.check_images(header, findings),
            Shown::Gone | Shown::Faulty => {}
        }
    }

    fn check_heartbeat(&self, findings: &mut Findings) {
        let Leaf {
            header,
            before,
            after,
            organization_tag,
            ..
        } = &*self.leaf;
        let is_empty = [header, before, after]
            .iter()
            .all(|commitment| **commitment == Commitment::ZERO);
        if !is_empty || *organization_tag != [0; 16] {
            findings.push(self.fault(None, FaultKind::Heartbeat));
        }
    }

    fn check_images(&self, header: &Facts, findings: &mut Findings) {
        if self.leaf.organization_tag == [0; 16]
            && (self.leaf.after != Commitment::ZERO || matches!(header.object, ObjectFact::Record(_)))
        {
            findings.push(self.fault(None, FaultKind::Appliance));
        }
        if self.leaf.after == Commitment::ZERO {
            // What has nothing after it changed nothing, so there is nothing before it either.
            if self.leaf.before != Commitment::ZERO {
                findings.push(self.fault(None, FaultKind::Before));
            }
            return;
        }
        let Some((record, after, before)) = self.first else {
            findings.push(self.fault(None, FaultKind::ImageMissing));
            return;
        };
        let single = match header.object {
            ObjectFact::Record(record) => Some(record),
            ObjectFact::Organization(_) | ObjectFact::Log(_) | ObjectFact::LogKey(_) | ObjectFact::Other => {
                None
            }
        };
        let (after, before) = if let Some(expected) = single {
            if expected != Some(record) {
                findings.push(self.fault(Some(record), FaultKind::Record));
            }
            (after, self.leaf.before == before)
        } else if self.leaf.before == Commitment::ZERO {
            // An act that only makes records has nothing before it.
            (Commitment(self.after.root().0), self.is_all_new)
        } else {
            let before = self.before.root().0 == self.leaf.before.0;
            (Commitment(self.after.root().0), before)
        };
        let named = single.map(|_| record);
        if after != self.leaf.after || (single.is_some() && self.images > 1) {
            findings.push(self.fault(named, FaultKind::After));
        } else if !before {
            findings.push(self.fault(named, FaultKind::Before));
        }
    }
}
