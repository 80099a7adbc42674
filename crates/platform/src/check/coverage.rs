//! Entries against their leaves, both ways, for one home: each entry is in the log or waits for it with the very commitments that
//! it shows, and each leaf's entry is there.
//!
//! Invariants: what was in the log or the outbox before the entries were read must be among them; memory grows with how far the two
//! orders are apart, not with the log, and is bounded. Leaves of a home count from 1 without a gap and each names the one before.
//! Start at [`Coverage::begin`].

use super::{
    FaultCode,
    report::{FAULTS_MAX, Findings},
};
use crate::{Platform, error::Result};
use audit::{
    Leaf, LeafKind,
    merkle::{self, Hash},
};
use std::collections::HashMap;
use store::control::audit_log::{self as rows, Standing, StoredLeaf, WaitingEntry};
use types::EntryId;

/// Leaves read at once.
const PAGE: i64 = 2_000;
/// Entries and leaves without the other that are kept; far more than transactions can be out of order.
const UNMATCHED_MAX: usize = 200_000;
/// Entries of one home that may wait, for a check to look at them all.
const WAITING_MAX: i64 = 200_000;

/// Why a commitment stands there again.
const TWICE: &str = "it was entered twice, past the platform, by whoever speaks SQL as this organization";

/// What an entry shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: EntryId,
    pub(super) kind: i16,
    /// Header, before, after.
    pub(super) commitments: [[u8; 32]; 3],
}

/// The check of one home.
pub(super) struct Coverage<'a> {
    platform: &'a Platform,
    tag: [u8; 16],
    /// Places up to this one stood in the log when the check began.
    until: u64,
    place: u64,
    previous: Hash,
    index: Option<i64>,
    entries: HashMap<[u8; 32], Shown>,
    leaves: HashMap<[u8; 32], (i64, Leaf)>,
    waiting: HashMap<[u8; 32], Shown>,
    overflow: bool,
    /// More wait than are compared, which is no fault.
    crowded: bool,
}

impl<'a> Coverage<'a> {
    /// Notes what waits and what is logged now: the entries must be read after it.
    pub(super) async fn begin(platform: &'a Platform, home: &str) -> Result<Self> {
        let mut read = platform.control().read().await?;
        // The outbox first: what goes from there into the log meanwhile is seen twice, and never missed.
        let waiting = rows::waiting_of_home(&mut read, home, WAITING_MAX + 1).await?;
        let crowded = waiting.len() > usize::try_from(WAITING_MAX).unwrap_or(usize::MAX);
        let tag = rows::tag_of(&mut read, home).await?.unwrap_or([0xff; 16]);
        let until = rows::last_place(&mut read, &tag).await?;
        let mut lines = HashMap::new();
        for (commitment, line) in waiting.into_iter().map(shown) {
            // Of those that were entered twice, the first.
            lines.entry(commitment).or_insert(line);
        }
        Ok(Self {
            platform,
            tag,
            until: until.unsigned_abs(),
            place: 0,
            previous: Hash([0; 32]),
            index: None,
            entries: HashMap::new(),
            leaves: HashMap::new(),
            waiting: lines,
            overflow: false,
            crowded,
        })
    }

    /// Takes entries in their order, and the leaves that should be about as far.
    pub(super) async fn add(&mut self, entries: &[Shown], findings: &mut Findings) -> Result<()> {
        for entry in entries {
            match self.leaves.remove(&entry.commitments[0]) {
                Some((index, leaf)) => {
                    self.waiting.remove(&leaf.header.0);
                    compare(entry, index, &leaf, findings);
                }
                None => self.keep(*entry, findings),
            }
        }
        while self.place < self.until && self.entries.len() > self.leaves.len() {
            if !self.read_leaves(findings).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn keep(&mut self, entry: Shown, findings: &mut Findings) {
        if let Some(other) = self.entries.get(&entry.commitments[0]) {
            let detail = format!("the entry has the commitment of entry {}: {TWICE}", other.id);
            findings.entry(FaultCode::EntryRepeated, entry.id, detail);
        } else if self.entries.len() < UNMATCHED_MAX {
            self.entries.insert(entry.commitments[0], entry);
        } else if self.crowded {
            findings.unchecked += 1;
        } else {
            self.overflow = true;
        }
    }

    /// False when there are no more.
    async fn read_leaves(&mut self, findings: &mut Findings) -> Result<bool> {
        let mut read = self.platform.control().read().await?;
        let after = i64::try_from(self.place).unwrap_or(i64::MAX);
        let page = rows::leaves_of_home(&mut read, &self.tag, after, PAGE).await?;
        drop(read);
        if page.is_empty() {
            let (place, until) = (self.place, self.until);
            if place < until {
                let detail = format!("leaves {} to {until} of this log are gone", place + 1);
                findings.push(FaultCode::LeafMissing, None, None, detail);
            }
            self.place = until;
            return Ok(false);
        }
        for stored in page {
            self.take(stored, findings);
        }
        Ok(true)
    }

    fn take(&mut self, stored: StoredLeaf, findings: &mut Findings) {
        let index = stored.index;
        let Ok(leaf) = Leaf::decode(&stored.leaf) else {
            self.place += 1;
            self.previous = merkle::leaf_hash(&stored.leaf);
            let detail = format!("leaf {index} cannot be read");
            findings.push(FaultCode::LeafUnreadable, None, None, detail);
            return;
        };
        let expected = self.place + 1;
        if leaf.organization_sequence != expected {
            let detail = format!(
                "leaf {index} is number {} of this log, and {expected} should stand there",
                leaf.organization_sequence
            );
            findings.push(FaultCode::LeafMissing, None, None, detail);
        } else if leaf.previous != self.previous {
            let detail = format!("leaf {index} does not continue the leaf before it in this log");
            findings.push(FaultCode::LeafLink, None, None, detail);
        }
        if self.index.is_some_and(|before| before >= index) {
            let detail = format!("leaf {index} stands before one that it continues");
            findings.push(FaultCode::LeafLink, None, None, detail);
        }
        self.place = leaf.organization_sequence;
        self.previous = leaf.hash();
        self.index = Some(index);
        if leaf.kind == LeafKind::Heartbeat {
            return;
        }
        match self.entries.remove(&leaf.header.0) {
            Some(entry) => {
                self.waiting.remove(&leaf.header.0);
                compare(&entry, index, &leaf, findings);
            }
            // Logged after the check began, it may be of an entry that the check did not read.
            None if self.place > self.until => {}
            None if self.leaves.len() >= UNMATCHED_MAX => self.overflow = true,
            None => match self.leaves.get(&leaf.header.0) {
                Some((first, _)) => repeated(index, *first, findings),
                None => drop(self.leaves.insert(leaf.header.0, (index, leaf))),
            },
        }
    }

    /// Reads the rest of the leaves and names what stands alone.
    pub(super) async fn finish(mut self, findings: &mut Findings) -> Result<()> {
        while self.place < self.until && self.read_leaves(findings).await? {}
        if self.overflow {
            let detail = "too many entries and leaves are without the other to be told one by one";
            findings.push(FaultCode::EntryUnlogged, None, None, detail.to_owned());
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        for entry in std::mem::take(&mut self.entries).into_values() {
            let waited = waiting.remove(&entry.commitments[0]);
            self.look_up(&entry, waited, findings).await?;
        }
        // What was not kept may be what these are of.
        if findings.unchecked == 0 {
            self.name_left(findings).await?;
            // What was logged meanwhile was matched with its leaf: the rest has no entry.
            for waiting in waiting.into_values() {
                let detail = "the entry waits for the log and is gone from its own";
                findings.entry(FaultCode::EntryGone, waiting.id, detail);
            }
        }
        Ok(())
    }

    /// Leaves without an entry.
    async fn name_left(&mut self, findings: &mut Findings) -> Result<()> {
        let losses = crate::ledger::losses(self.platform).await?;
        let is_lost = |index: i64| {
            losses
                .iter()
                .any(|loss| loss.range.contains(&index.unsigned_abs()))
        };
        let mut left: Vec<_> = std::mem::take(&mut self.leaves).into_values().collect();
        left.sort_by_key(|(index, _)| *index);
        let left = left.into_iter().filter(|(index, _)| !is_lost(*index));
        let mut read = self.platform.control().read().await?;
        for (told, (index, leaf)) in left.enumerate() {
            // Each is looked for, as long as it is told at all.
            if told < FAULTS_MAX
                && let Some(first) = rows::first_of_entry(&mut read, &leaf.header.0).await?
                && first < index
            {
                repeated(index, first, findings);
                continue;
            }
            let detail = format!(
                "the entry of leaf {index} is gone, number {} of this log",
                leaf.organization_sequence
            );
            findings.push(FaultCode::EntryGone, None, None, detail);
        }
        Ok(())
    }

    async fn look_up(&self, entry: &Shown, waited: Option<Shown>, findings: &mut Findings) -> Result<()> {
        if let Some(waited) = waited {
            if waited != *entry {
                let detail = "the entry's commitments are not those that wait for the log";
                findings.entry(FaultCode::EntryAltered, entry.id, detail);
            }
            return Ok(());
        }
        let mut read = self.platform.control().read().await?;
        match rows::standing(&mut read, entry.id, &entry.commitments[0]).await? {
            Standing::Pending { .. } => {}
            Standing::Logged(found) => match Leaf::decode(&found.leaf) {
                Ok(leaf) if leaf.organization_tag == self.tag => {
                    compare(entry, found.index, &leaf, findings);
                }
                _ => {
                    let detail = format!("leaf {} has the entry's commitment and is another's", found.index);
                    findings.entry(FaultCode::EntryUnlogged, entry.id, detail);
                }
            },
            Standing::Nowhere => {
                let detail = "the entry is neither in the log nor waits for it";
                findings.entry(FaultCode::EntryUnlogged, entry.id, detail);
            }
        }
        Ok(())
    }
}

fn repeated(index: i64, first: i64, findings: &mut Findings) {
    let detail = format!("leaf {index} has the commitment of leaf {first}: {TWICE}");
    findings.push(FaultCode::EntryRepeated, None, None, detail);
}

fn shown(waiting: WaitingEntry) -> ([u8; 32], Shown) {
    let WaitingEntry {
        id,
        kind,
        commitments,
    } = waiting;
    (
        commitments[0],
        Shown {
            id,
            kind,
            commitments,
        },
    )
}

fn compare(entry: &Shown, index: i64, leaf: &Leaf, findings: &mut Findings) {
    let logged = [leaf.header.0, leaf.before.0, leaf.after.0];
    if logged != entry.commitments || i16::from(leaf.kind.number()) != entry.kind {
        let detail = format!("the entry is not what leaf {index} of the log says");
        findings.entry(FaultCode::EntryAltered, entry.id, detail);
    }
}
