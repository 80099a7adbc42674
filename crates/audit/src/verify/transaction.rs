//! Transactions: the entries that one made say how many they are.
//!
//! Invariant: what is whole is forgotten, so memory grows with what is open. Entries are told apart by organization,
//! request and number; several transactions that look alike are counted together, each place as often as the others.

use super::examine::Facts;
use super::fault::FaultKind;
use super::report::Findings;
use std::collections::{BTreeMap, HashMap};

/// A transaction whose newest entry was sequenced this long before the last leaf should have been whole: nothing stays
/// in the outbox longer without an alarm.
const OPEN_MS_MAX: u64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    home: u32,
    request: Option<String>,
    total: u32,
}

#[derive(Debug)]
struct Group {
    first: u64,
    newest_ms: u64,
    /// How often each place was seen.
    places: BTreeMap<u32, u64>,
}

/// Transactions that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Transactions(HashMap<Key, Group>);

impl Transactions {
    pub(super) fn take(
        &mut self,
        home: u32,
        index: u64,
        time_ms: u64,
        header: &Facts,
    ) -> Result<(), FaultKind> {
        let Facts { ordinal, total, .. } = *header;
        if !(1..=total).contains(&ordinal) {
            return Err(FaultKind::Place);
        }
        if total == 1 {
            return Ok(());
        }
        let key = Key {
            home,
            request: header.request.clone(),
            total,
        };
        let group = self.0.entry(key.clone()).or_insert(Group {
            first: index,
            newest_ms: time_ms,
            places: BTreeMap::new(),
        });
        group.newest_ms = time_ms;
        *group.places.entry(ordinal).or_insert(0) += 1;
        if group.is_whole(total) {
            self.0.remove(&key);
        }
        Ok(())
    }

    /// Ends at a leaf of that time; gives the number of those that may be whole after it.
    pub(super) fn finish(self, last_ms: u64, findings: &mut Findings) -> u64 {
        let (open, late): (Vec<_>, Vec<_>) = self
            .0
            .into_iter()
            .partition(|(_, group)| group.newest_ms.saturating_add(OPEN_MS_MAX) >= last_ms);
        let late: BTreeMap<u64, u32> = late
            .into_iter()
            .map(|(key, group)| (group.first, key.total))
            .collect();
        for (index, total) in late {
            findings.leaf(index, FaultKind::Transaction { total });
        }
        open.len() as u64
    }
}

impl Group {
    fn is_whole(&self, total: u32) -> bool {
        let mut counts = self.places.values();
        let first = counts.next();
        u64::from(total) == self.places.len() as u64 && counts.all(|count| Some(count) == first)
    }
}
