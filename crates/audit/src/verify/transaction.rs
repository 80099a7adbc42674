//! Transactions: the entries that one made say how many they are.
//!
//! Invariant: what is whole is forgotten, so memory grows with what is open. Entries are told apart by organization,
//! request and number; of several transactions that look alike the newest entries are put together first, so that an old
//! hole is not filled with an entry of a later one.

use super::examine::Facts;
use super::fault::FaultKind;
use super::report::Findings;
use std::collections::{BTreeMap, HashMap};

/// A transaction of which an entry was sequenced this long before the last leaf should be whole: nothing stays in the
/// outbox longer without an alarm.
const OPEN_MS_MAX: u64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    home: u32,
    request: Option<String>,
    total: u32,
}

/// An entry whose transaction is not whole yet.
#[derive(Debug, Clone, Copy)]
struct Seen {
    index: u64,
    time_ms: u64,
}

/// What was seen of transactions that look alike, by place, the newest last. Invariant: no place is empty.
type Places = BTreeMap<u32, Vec<Seen>>;

/// Transactions that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Transactions(HashMap<Key, Places>);

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
        let places = self.0.entry(key.clone()).or_default();
        places.entry(ordinal).or_default().push(Seen { index, time_ms });
        if places.len() as u64 == u64::from(total) {
            places.retain(|_, seen| {
                seen.pop();
                !seen.is_empty()
            });
        }
        if places.is_empty() {
            self.0.remove(&key);
        }
        Ok(())
    }

    /// Ends at a leaf of that time; gives the number of those that may be whole after it.
    pub(super) fn finish(self, last_ms: u64, findings: &mut Findings) -> u64 {
        let (mut open, mut late) = (0, BTreeMap::new());
        for (key, places) in self.0 {
            let left = places.values().flatten();
            let old = left.filter(|seen| seen.time_ms.saturating_add(OPEN_MS_MAX) < last_ms);
            match old.map(|seen| seen.index).min() {
                Some(index) => _ = late.insert(index, key.total),
                None => open += 1,
            }
        }
        for (index, total) in late {
            findings.leaf(index, FaultKind::Transaction { total });
        }
        open
    }
}
