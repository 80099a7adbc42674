//! Takes examined batches in order and comes to the verdicts.

use super::entry::{Current, Shown as HeaderShown};
use super::examine::{Examined, HeaderPart, ImageKind, ImagePart, ObjectFact, Part};
use super::fault::FaultKind;
use super::gone::{Explanations, Gone};
use super::held::{Comparison, Held};
use super::home::Homes;
use super::image::Records;
use super::report::{Counts, Explained, Findings, Report, Shown, Verdict};
use super::since::Since;
use super::transaction::Transactions;
use crate::checkpoint::Checkpoint;
use crate::export::{FormatError, Preamble, Scope};
use crate::leaf::{Leaf, LeafKind};
use crate::merkle::{Hash, Tree};
use crate::note::{Note, VerifierKey};
use crate::policy::{Policy, Trusted};
use crate::rotation::Followed;
use std::collections::{BTreeMap, HashSet};

/// How much later than its sequencing an entry may say that it happened: clocks of program and sequencer differ.
const SKEW_MS_MAX: u64 = 300_000;

/// What the appliance's own leaves bear.
const APPLIANCE: [u8; 16] = [0; 16];

/// A verification that is going on.
#[derive(Debug)]
pub struct Verifier {
    scope: Scope,
    trusted: Option<Trusted>,
    /// What the export says was signed, whoever signed it.
    checkpoint: Option<Checkpoint>,
    /// The newest key that the log announces, and where; none where what it names is no key.
    announced: Option<(u64, Option<VerifierKey>)>,
    /// A leaf after that, whose header is gone and may have announced another.
    is_announcement_gone: bool,
    note: Option<Note>,
    since: Since,
    held: Comparison,
    /// Hashes of leaves that are known, by index.
    proven: BTreeMap<u64, Hash>,
    tree: Tree,
    homes: Homes,
    records: Records,
    transactions: Transactions,
    explanations: Explanations,
    /// Entries seen: 16 bytes each.
    entries: HashSet<[u8; 16]>,
    current: Option<Current>,
    /// Whether the leaf before cannot be read, so that nothing is said of what stands behind it.
    is_unreadable: bool,
    is_damaged: bool,
    times_ms: Option<(u64, u64)>,
    counts: Counts,
    findings: Findings,
}

impl Verifier {
    /// Begins with what stands before the tree. `since` is a checkpoint that the auditor has seen before, and trusts.
    #[must_use]
    pub fn begin(preamble: &Preamble, policy: &Policy, since: Option<&Checkpoint>) -> Self {
        let mut findings = Findings::default();
        let note = read_note(&preamble.checkpoint, &mut findings);
        let (trusted, checkpoint) = check_note(note.as_ref(), policy, &mut findings);
        let since = match (since, &checkpoint) {
            (Some(since), Some(checkpoint)) => Since::begin(since, checkpoint, &mut findings),
            _ => Since::Settled(None),
        };
        let mut verifier = Self {
            scope: preamble.scope,
            trusted,
            checkpoint,
            announced: None,
            is_announcement_gone: false,
            note,
            since,
            held: Comparison::None,
            proven: BTreeMap::new(),
            tree: Tree::default(),
            homes: Homes::default(),
            records: Records::default(),
            transactions: Transactions::default(),
            explanations: Explanations::default(),
            entries: HashSet::new(),
            current: None,
            is_unreadable: false,
            is_damaged: false,
            times_ms: None,
            counts: Counts::default(),
            findings,
        };
        verifier.compare_since();
        verifier
    }

    /// The log must have the leaf that the announcement of a new key of it proves; in an export that hides it nothing is compared, and
    /// nothing with the announcements of another log.
    #[must_use]
    pub fn with_step(mut self, step: &Followed) -> Self {
        let origin = self.checkpoint.as_ref().map(|checkpoint| &checkpoint.origin);
        if origin == Some(step.key.name()) {
            self.proven.insert(step.index, step.leaf);
        }
        self
    }

    /// Compares the export with a receipt too.
    #[must_use]
    pub fn with_receipt(mut self, held: Held) -> Self {
        self.held = Comparison::begin(held, self.checkpoint.as_ref());
        self
    }

    /// Leaves seen so far, shown or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Takes the next batch.
    pub fn take(&mut self, examined: Examined) {
        for part in examined.parts {
            match part {
                Part::Leaf(hash, leaf) => self.take_leaf(hash, leaf),
                Part::Hidden { height, root } => self.take_hidden(height, root),
                Part::Header(header) => self.take_header(header),
                Part::Image(image) => self.take_image(&image),
                Part::Damaged(error) => {
                    self.is_damaged = true;
                    self.findings.whole(FaultKind::Format(error));
                }
            }
        }
    }

    /// Comes to the verdicts; `damage` is where the file could not be read on.
    #[must_use]
    pub fn finish(mut self, damage: Option<FormatError>) -> Report {
        self.settle();
        if let Some(error) = damage {
            self.is_damaged = true;
            self.findings.whole(FaultKind::Format(error));
        }
        let mut explained = Explained::default();
        if !self.is_damaged {
            self.check_root();
            self.check_announced();
            explained = self
                .explanations
                .finish(&self.homes, &self.records, &mut self.findings);
            let last_ms = self.times_ms.map_or(0, |(_, last)| last);
            self.counts.open_transactions = self.transactions.finish(last_ms, &mut self.findings);
        }
        self.counts.organizations = self.homes.count();
        let (continues, spanned) = self.since.outcome();
        let last_sequence = match self.scope {
            Scope::Whole => None,
            Scope::Organization(tag) => self.homes.last_sequence(&tag),
        };
        let is_nothing = matches!(self.scope, Scope::Organization(_)) && last_sequence.is_none();
        let (receipt, not_compared) = self.held.outcome();
        let unknown = if is_nothing {
            Some("the export shows no entry of the organization")
        } else if explained.hidden > 0 {
            Some("what explains a part that is gone is a leaf of others; ask for the export of everything")
        } else {
            not_compared
        };
        let (integrity, completeness) = self.findings.verdicts(unknown);
        let gone = self
            .is_announcement_gone
            .then_some("a leaf that may announce another key of the log is gone");
        Report {
            integrity: match (integrity, spanned.or(gone)) {
                (Verdict::Holds, Some(reason)) => Verdict::Unknown(reason),
                (integrity, _) => integrity,
            },
            completeness,
            trusted: self.trusted,
            continues,
            receipt,
            shown: Shown {
                scope: Some(self.scope),
                last_sequence,
                times_ms: self.times_ms,
            },
            explained,
            counts: self.counts,
        }
    }

    fn take_leaf(&mut self, hash: Hash, leaf: Option<Box<Leaf>>) {
        self.settle();
        let index = self.tree.size();
        self.is_unreadable = true;
        if self.tree.push_subtree(0, hash).is_err() {
            // Hidden parts have brought it to as many leaves as can be counted.
            self.findings.leaf(index, FaultKind::Superfluous);
            return;
        }
        self.compare_since();
        self.held.take_leaf(index, hash, &mut self.findings);
        if self.proven.get(&index).is_some_and(|proven| *proven != hash) {
            self.findings.leaf(index, FaultKind::Receipt);
        }
        self.counts.leaves += 1;
        let Some(leaf) = leaf else {
            self.findings.leaf(index, FaultKind::Leaf);
            return;
        };
        self.is_unreadable = false;
        let findings = &mut self.findings;
        let home = self.homes.follow(&leaf, hash, |kind| findings.leaf(index, kind));
        if matches!(self.scope, Scope::Organization(tag) if tag != leaf.organization_tag) {
            findings.leaf(index, FaultKind::Scope);
        }
        let (first, last) = self.times_ms.unwrap_or((leaf.time_ms, 0));
        if leaf.time_ms < last {
            findings.leaf(index, FaultKind::LeafTime);
        }
        self.times_ms = Some((first, last.max(leaf.time_ms)));
        self.counts.heartbeats += u64::from(leaf.kind == LeafKind::Heartbeat);
        self.current = Some(Current::new(index, leaf, home));
    }

    fn take_hidden(&mut self, height: u32, root: Hash) {
        self.settle();
        self.is_unreadable = false;
        let index = self.tree.size();
        if self.scope == Scope::Whole {
            self.findings.leaf(index, FaultKind::Hidden);
        }
        if self.tree.push_subtree(height, root).is_err() {
            self.findings.leaf(index, FaultKind::Superfluous);
            return;
        }
        let hidden = self.tree.size() - index;
        self.counts.hidden += hidden;
        self.held
            .take_hidden(self.scope, index, hidden, &mut self.findings);
        if self.scope != Scope::Whole {
            self.explanations.hide(index, hidden);
        }
        self.compare_since();
    }

    fn take_header(&mut self, part: HeaderPart) {
        let Some(current) = &mut self.current else {
            return self.take_stray();
        };
        if !matches!(current.header, HeaderShown::Nothing) {
            let fault = current.fault(None, FaultKind::Superfluous);
            self.findings.push(fault);
            return;
        }
        let (header, commitment) = match part {
            HeaderPart::Open(header, commitment) => (header, commitment),
            closed => {
                current.header = HeaderShown::Faulty;
                let (index, tag) = (current.index, current.leaf.organization_tag);
                match closed {
                    HeaderPart::Gone { by } => {
                        current.header = HeaderShown::Gone;
                        self.counts.gone += 1;
                        self.explanations
                            .wait(index, by, Gone::Header(tag), &mut self.findings);
                    }
                    HeaderPart::Missing => self.findings.leaf(index, FaultKind::HeaderMissing),
                    HeaderPart::Unreadable | HeaderPart::Open(..) => {
                        self.findings.leaf(index, FaultKind::Header);
                    }
                }
                return;
            }
        };
        self.counts.headers += 1;
        let mut faults = Vec::new();
        let Leaf {
            organization_tag,
            time_ms,
            ..
        } = &*current.leaf;
        if commitment != current.leaf.header {
            faults.push(FaultKind::HeaderCommitment);
        }
        if !self.entries.insert(header.entry_id) {
            faults.push(FaultKind::Twice);
        }
        faults.extend(
            self.homes
                .check_organization(organization_tag, header.organization)
                .err(),
        );
        let happened_ms = u64::try_from(header.time_us / 1_000).unwrap_or(0);
        if happened_ms > time_ms.saturating_add(SKEW_MS_MAX) {
            faults.push(FaultKind::EntryTime);
        }
        faults.extend(
            self.transactions
                .take(current.home, current.index, *time_ms, &header)
                .err(),
        );
        current.header = HeaderShown::Open(header);
        for kind in faults {
            self.findings.push(current.fault(None, kind));
        }
    }

    fn take_image(&mut self, image: &ImagePart) {
        let Some(current) = &mut self.current else {
            return self.take_stray();
        };
        if !current.takes_images() {
            // Of a header that cannot be read nothing more is said.
            if !matches!(current.header, HeaderShown::Faulty) {
                let fault = current.fault(Some(image.record), FaultKind::Superfluous);
                self.findings.push(fault);
            }
            return;
        }
        current.take(image, &mut self.records, &mut self.findings);
        match image.kind {
            ImageKind::Open => self.counts.images += 1,
            ImageKind::Gone { by } => {
                self.counts.gone += 1;
                let gone = Gone::Image(current.leaf.organization_tag, image.record);
                self.explanations
                    .wait(current.index, by, gone, &mut self.findings);
            }
            ImageKind::Unreadable | ImageKind::Missing => {}
        }
    }

    /// Something that stands behind no leaf: before the first, or behind a hidden part.
    fn take_stray(&mut self) {
        if !self.is_unreadable {
            self.findings.whole(FaultKind::Superfluous);
        }
    }

    /// The leaf before is whole.
    fn settle(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        current.settle(&mut self.findings);
        let header = match &current.header {
            HeaderShown::Open(header) => Some(&**header),
            HeaderShown::Nothing | HeaderShown::Gone | HeaderShown::Faulty => None,
        };
        let Leaf {
            kind,
            organization_tag,
            ..
        } = &*current.leaf;
        if (*kind, *organization_tag) == (LeafKind::KeyRotation, APPLIANCE) {
            if let Some(ObjectFact::LogKey(key)) = header.map(|header| &header.object) {
                self.announced = Some((current.index, key.as_deref().cloned()));
                self.is_announcement_gone = false;
            }
            self.is_announcement_gone |= matches!(current.header, HeaderShown::Gone);
        }
        self.explanations
            .explain(current.index, &current.leaf, header, &mut self.findings);
    }

    fn compare_since(&mut self) {
        self.since.compare(&self.tree, &mut self.findings);
    }

    /// From the leaf on that names it, the log signs with the newest key.
    fn check_announced(&mut self) {
        let (Some((index, key)), Some(note)) = (&self.announced, &self.note) else {
            return;
        };
        let is_signed = key
            .as_ref()
            .is_some_and(|key| Policy::of_log(key.clone()).check(note).is_ok());
        if !is_signed {
            self.findings.leaf(*index, FaultKind::NewKey);
        }
    }

    fn check_root(&mut self) {
        let Some(checkpoint) = &self.checkpoint else {
            return;
        };
        if (self.tree.size(), self.tree.root()) != (checkpoint.size, checkpoint.root) {
            self.findings.whole(FaultKind::Root {
                found: self.tree.size(),
                size: checkpoint.size,
            });
        }
    }
}

fn read_note(bytes: &[u8], findings: &mut Findings) -> Option<Note> {
    match Note::parse(bytes) {
        Ok(note) => Some(note),
        Err(error) => {
            findings.whole(FaultKind::Note(error));
            None
        }
    }
}

fn check_note(
    note: Option<&Note>,
    policy: &Policy,
    findings: &mut Findings,
) -> (Option<Trusted>, Option<Checkpoint>) {
    let Some(note) = note else {
        return (None, None);
    };
    match policy.check(note) {
        Ok(trusted) => (Some(trusted.clone()), Some(trusted.checkpoint)),
        Err(error) => {
            findings.whole(FaultKind::Trust(error));
            (None, Checkpoint::parse(note.text()).ok())
        }
    }
}
