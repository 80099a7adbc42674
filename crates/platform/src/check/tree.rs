//! The log of leaves as a whole: every leaf in the database against the tiles, every tile and the root against the leaves, what
//! was signed last against both, and the outbox against the clock.
//!
//! Invariants: memory does not grow with the log; where a leaf differs it is named by its index, a tile by its path. What cannot be
//! seen here: a log that was rewritten as a whole and signed with its own key. Witnesses and receipts see that.

use super::{AuditFault, FaultCode, report::Findings, require_operator};
use crate::{
    Caller, Platform,
    act::read_header,
    error::Result,
    ledger::{self, Folder, LedgerError, Signed},
    trail,
};
use audit::{
    Leaf, LeafKind,
    leaf::LEAF_BYTES,
    tile::{Content, Edge, Growth, Tile},
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use store::control::{audit_log as rows, entry_log};

/// What the entry of an organization's deletion is called.
const DELETION: &str = "organization.delete";
/// Leaves read at once.
const PAGE: i64 = 5_000;

/// What a check of the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// Leaves in the database.
    pub leaves: u64,
    /// Leaves that were signed.
    pub signed: u64,
    /// Tiles compared.
    pub tiles: u64,
    /// Entries that wait for the log.
    pub pending: u64,
    /// The first [`super::FAULTS_MAX`] faults.
    pub faults: Vec<AuditFault>,
    /// All faults.
    pub faults_total: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl LogReport {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults_total == 0
    }
}

/// Checks the whole log: for the operator at the host and for the platform itself.
///
/// # Errors
/// `not-allowed`; `unavailable` when the database is away. What is found is in the report, never an error.
pub async fn log(platform: &Platform, caller: &Caller) -> Result<LogReport> {
    require_operator(caller)?;
    let began = Instant::now();
    let standing = ledger::standing(platform).await?;
    let mut walk = Walk {
        folder: Folder::at(&platform.settings().audit),
        signed: standing.signed,
        edge: Edge::default(),
        tiles: 0,
        tags: BTreeMap::new(),
        findings: Findings::new(None),
    };
    if let Some(trouble) = &standing.trouble {
        let cause = std::error::Error::source(trouble).map(|cause| format!(": {cause}"));
        let detail = format!("{trouble}{}", cause.unwrap_or_default());
        walk.note(FaultCode::LogRefused, detail);
    }
    if let Some(age) = standing.oldest.filter(|_| standing.is_late()) {
        let (pending, seconds) = (standing.pending, age.as_secs());
        let detail = format!("{pending} entries wait for the log, the oldest for {seconds} s");
        walk.note(FaultCode::EntryLate, detail);
    }
    let leaves = walk.run(platform).await?;
    walk.check_homes(platform).await?;
    let report = walk.findings.report(began.elapsed());
    Ok(LogReport {
        leaves,
        signed: standing.signed.map_or(0, |signed| signed.size),
        tiles: walk.tiles,
        pending: standing.pending,
        faults: report.faults,
        faults_total: report.faults_total,
        took_ms: millis(began.elapsed()),
    })
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// From the first leaf to the last.
struct Walk {
    folder: Folder,
    signed: Option<Signed>,
    edge: Edge,
    tiles: u64,
    /// The first leaf of each home.
    tags: BTreeMap<[u8; 16], u64>,
    findings: Findings,
}

impl Walk {
    fn note(&mut self, code: FaultCode, detail: String) {
        self.findings.push(code, None, None, detail);
    }

    /// Gives the number of leaves in the database.
    async fn run(&mut self, platform: &Platform) -> Result<u64> {
        let mut next = 0;
        loop {
            let page = rows::leaves_from(&mut platform.control().read().await?, next, PAGE).await?;
            let Some(last) = page.last() else { break };
            for (expected, stored) in (next..).zip(&page) {
                if stored.index != expected {
                    let detail = format!("leaves {expected} to {} are gone", stored.index - 1);
                    self.note(FaultCode::LeafMissing, detail);
                    // What follows stands elsewhere in the tree; comparing it would name every leaf.
                    return Ok(rows::figures(&mut platform.control().read().await?)
                        .await?
                        .size
                        .unsigned_abs());
                }
            }
            next = last.index + 1;
            for stored in &page {
                if let Ok(leaf) = Leaf::decode(&stored.leaf) {
                    let index = stored.index.unsigned_abs();
                    self.tags.entry(leaf.organization_tag).or_insert(index);
                }
            }
            self.take(page.into_iter().map(|stored| stored.leaf).collect());
        }
        let size = next.unsigned_abs();
        if let Some(signed) = self.signed.filter(|signed| signed.size > size) {
            let detail = format!("leaves {size} to {} are gone", signed.size - 1);
            self.note(FaultCode::LeafMissing, detail);
        }
        Ok(size)
    }

    /// Whose leaves they are must be known, but for organizations that were deleted, each with an entry that says so, and for those
    /// that a restore lost as a whole.
    async fn check_homes(&mut self, platform: &Platform) -> Result<()> {
        let mut read = platform.control().read().await?;
        // Before the deletions: what goes meanwhile has its entry by then.
        for tag in rows::tags(&mut read).await? {
            self.tags.remove(&tag);
        }
        if self.tags.is_empty() {
            return Ok(());
        }
        let kind = i16::from(LeafKind::Erasure.number());
        let erasures = entry_log::list_of_kind(&mut read, kind).await?;
        drop(read);
        let losses = ledger::losses(platform).await?;
        let is_lost = |index: &u64| losses.iter().any(|loss| loss.range.contains(index));
        let gone: Vec<u64> = self
            .tags
            .values()
            .copied()
            .filter(|index| !is_lost(index))
            .collect();
        let is_all = erasures.len() < usize::try_from(entry_log::OF_KIND_MAX).unwrap_or(usize::MAX);
        let is_deletion = |entry: entry_log::StoredEntry| {
            let header = read_header(platform.appliance_keys(), &trail::as_tenants(entry));
            header.is_ok_and(|header| header.action == DELETION)
        };
        let deleted = erasures.into_iter().map(is_deletion).filter(|is| *is).count();
        if is_all && gone.len() > deleted {
            let detail = format!(
                "leaves of {} organizations that are gone, and {deleted} were deleted; the last of them begins at leaf {}",
                gone.len(),
                gone.iter().max().copied().unwrap_or(0)
            );
            self.note(FaultCode::OrganizationGone, detail);
        }
        Ok(())
    }

    /// Up to what was signed, and then what lies beyond, which has no tiles yet.
    fn take(&mut self, leaves: Vec<[u8; LEAF_BYTES]>) {
        let signed = self.signed.map_or(0, |signed| signed.size);
        let covered = signed.saturating_sub(self.edge.size());
        let covered = usize::try_from(covered).unwrap_or(usize::MAX);
        let covered: Vec<_> = leaves.into_iter().take(covered).collect();
        if covered.is_empty() {
            return;
        }
        let growth = self.edge.append(covered);
        self.compare(&growth);
        if let Some(signed) = self.signed.filter(|signed| signed.size == growth.size)
            && signed.root != growth.root
        {
            let (size, root) = (signed.size, signed.root);
            let detail = format!(
                "the {size} leaves have the root {}, and {root} was signed",
                growth.root
            );
            self.note(FaultCode::RootAltered, detail);
        }
    }

    /// Full tiles, and at the end of what was signed the partial ones, which others have by then.
    fn compare(&mut self, growth: &Growth) {
        let is_end = self.signed.is_some_and(|signed| signed.size == growth.size);
        for (tile, expected) in &growth.tiles {
            if tile.is_full() || is_end {
                self.tiles += 1;
                self.compare_tile(*tile, expected);
            }
        }
    }

    fn compare_tile(&mut self, tile: Tile, expected: &[u8]) {
        match self.folder.read_tile(tile) {
            Ok(found) if found == expected => {}
            Ok(found) if tile.content() == Content::Entries && found.len() == expected.len() => {
                self.name_leaf(tile, &found, expected);
            }
            Ok(_) => self.note(
                FaultCode::TileAltered,
                format!("{tile} is not what the leaves make"),
            ),
            Err(LedgerError::Tile { .. }) => self.note(FaultCode::TileAltered, format!("{tile} is gone")),
            Err(error) => self.note(FaultCode::TileAltered, format!("{tile} cannot be read: {error}")),
        }
    }

    /// The first leaf in which database and tile differ.
    fn name_leaf(&mut self, tile: Tile, found: &[u8], expected: &[u8]) {
        let length = tile.length() / usize::from(tile.width());
        let pairs = found.chunks(length).zip(expected.chunks(length));
        let first = (tile.index() * u64::from(audit::tile::WIDTH)..)
            .zip(pairs)
            .find(|(_, (found, expected))| found != expected);
        if let Some((index, _)) = first {
            let detail = format!("leaf {index} is another in the database than in {tile}");
            self.note(FaultCode::LeafAltered, detail);
        }
    }
}
