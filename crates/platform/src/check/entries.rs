//! Every entry of an organization, in order: its header opens, opens its commitment, and is plausible.

use super::{
    FaultCode, Subject,
    acts::Acts,
    coverage::{Coverage, Shown},
    report::Findings,
};
use crate::error::Result;
use audit::{Header, LeafKind, Role};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use store::tenant::audit::{self as rows, StoredEntry};
use types::{DatasetId, EntryId, OrganizationId};
use vault::{OrganizationKeys, opening, seal};

/// Entries read at once.
const PAGE: i64 = 500;
/// A header is written before its entry is appended, at most this long: an import may run for hours.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of program and database may be apart.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Entries that are appended at once may be this far out of order.
const DISORDER_MAX: SignedDuration = SignedDuration::from_secs(2);

/// What the images are checked against.
pub(super) struct Log {
    /// Bulk acts by their entry.
    pub(super) acts: Acts,
    /// Acts on one record.
    pub(super) singles: u64,
    /// Datasets that were removed with all their records.
    pub(super) erased: HashSet<DatasetId>,
}

/// What of an entry is checked, of either log.
pub(super) struct Sealed<'a> {
    pub(super) id: EntryId,
    pub(super) organization: Option<OrganizationId>,
    pub(super) key_version: i32,
    pub(super) header: &'a [u8],
    pub(super) c_header: [u8; 32],
    pub(super) appended_at: Timestamp,
}

pub(super) async fn check(
    subject: &Subject<'_>,
    mut coverage: Coverage<'_>,
    findings: &mut Findings,
) -> Result<Log> {
    let mut log = Log {
        acts: Acts::default(),
        singles: 0,
        erased: HashSet::new(),
    };
    let mut order = Order::default();
    let mut after = 0;
    loop {
        let page = rows::entries_after(&subject.tx, after, PAGE).await?;
        for entry in &page {
            findings.entries += 1;
            order.check(entry.id, entry.appended_at, findings);
            let sealed = Sealed {
                id: entry.id,
                organization: Some(subject.home.summary.id),
                key_version: entry.key_version,
                header: &entry.header,
                c_header: entry.c_header,
                appended_at: entry.appended_at,
            };
            if let Some(header) = check_header(&subject.keys, &sealed, findings) {
                log.note(entry, &header);
            }
        }
        let shown: Vec<Shown> = page.iter().map(shown).collect();
        coverage.add(&shown, findings).await?;
        after = page.last().map_or(after, |entry| entry.sequence);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            coverage.finish(findings).await?;
            return Ok(log);
        }
    }
}

/// Holds every entry against the log of leaves, and opens none.
pub(super) async fn cover(
    subject: &Subject<'_>,
    mut coverage: Coverage<'_>,
    findings: &mut Findings,
) -> Result<()> {
    let mut after = 0;
    loop {
        let page = rows::entries_after(&subject.tx, after, PAGE).await?;
        findings.entries += page.len() as u64;
        let shown: Vec<Shown> = page.iter().map(shown).collect();
        coverage.add(&shown, findings).await?;
        after = page.last().map_or(after, |entry| entry.sequence);
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return coverage.finish(findings).await;
        }
    }
}

fn shown(entry: &StoredEntry) -> Shown {
    Shown {
        id: entry.id,
        kind: entry.kind,
        commitments: [entry.c_header, entry.c_before, entry.c_after],
    }
}

impl Log {
    fn note(&mut self, entry: &StoredEntry, header: &Header) {
        if entry.c_after != [0; 32] {
            if header.object.kind == "record" {
                self.singles += 1;
            } else {
                self.acts.begin(entry);
            }
        } else if entry.kind == i16::from(LeafKind::Erasure.number()) && header.object.kind == "dataset" {
            let id = header
                .object
                .id
                .as_deref()
                .and_then(|id| id.trim_start_matches('d').parse().ok());
            self.erased.extend(id.map(DatasetId));
        }
    }
}

/// Entries stand in the order of their times. A clock that was set back is told once, where it was.
#[derive(Default)]
pub(super) struct Order {
    newest: Option<Timestamp>,
}

impl Order {
    pub(super) fn check(&mut self, id: EntryId, at: Timestamp, findings: &mut Findings) {
        let newest = *self.newest.get_or_insert(at);
        if newest.duration_since(at) <= DISORDER_MAX {
            self.newest = Some(newest.max(at));
            return;
        }
        let detail = "the entry stands after one that came later";
        findings.entry(FaultCode::EntryOrder, id, detail);
        self.newest = Some(at);
    }
}

/// Opens a header and checks what it says of itself.
pub(super) fn check_header(
    keys: &OrganizationKeys,
    entry: &Sealed<'_>,
    findings: &mut Findings,
) -> Option<Header> {
    let Ok(opening) = opening::open_header(keys, entry.id, entry.header) else {
        findings.entry(
            FaultCode::HeaderUnreadable,
            entry.id,
            "the entry's header does not open",
        );
        return None;
    };
    if opening.commitment(Role::Header, entry.id).0 != entry.c_header {
        let detail = "the entry's header is not the one committed to";
        findings.entry(FaultCode::HeaderCommitment, entry.id, detail);
    }
    let Ok(header) = Header::decode(&opening.bytes) else {
        findings.entry(
            FaultCode::HeaderUnreadable,
            entry.id,
            "the entry's header cannot be read",
        );
        return None;
    };
    if let Some(what) = implausible(entry, &header) {
        let detail = format!("the entry's header does not belong to it: {what}");
        findings.entry(FaultCode::HeaderImplausible, entry.id, detail);
    }
    Some(header)
}

fn implausible(entry: &Sealed<'_>, header: &Header) -> Option<&'static str> {
    if header.entry_id != entry.id.bytes() {
        return Some("it names another entry");
    }
    if header.organization != entry.organization.map(OrganizationId::bytes) {
        return Some("it names another organization");
    }
    let version = seal::key_version_of(entry.header).ok();
    if version != u32::try_from(entry.key_version).ok() {
        return Some("it is under another key version than the entry says");
    }
    let Ok(at) = Timestamp::from_microsecond(header.time_us) else {
        return Some("its time is no time");
    };
    let age = entry.appended_at.duration_since(at);
    (age > AGE_MAX || age < -SKEW_MAX).then_some("its time is far from when the database appended it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_is_told_where_it_did_and_not_of_all_that_came_after() {
        let mut findings = Findings::new(None);
        let mut order = Order::default();
        for (place, second) in [0, 10, 9, 3_000, 11, 12, 3_001, 40].into_iter().enumerate() {
            let id = EntryId(uuid::Uuid::from_u128(place as u128));
            order.check(id, Timestamp::from_second(second).unwrap(), &mut findings);
        }
        let report = findings.report(std::time::Duration::ZERO);
        let places: Vec<u128> = report
            .faults
            .iter()
            .map(|fault| fault.entry.unwrap().0.as_u128())
            .collect();
        assert_eq!(places, [4, 7], "{report:?}");
    }
}
