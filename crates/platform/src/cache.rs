//! A small cache for what every request needs and what seldom changes: sessions, memberships, definitions.
//!
//! Invariant: nothing is answered from here later than its age bound, so that an ended session or a changed role takes
//! effect on every node within [`AGE_MAX`] even when nobody tells this process.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The greatest age of an answer.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(2);
/// Most entries; beyond it the cache begins anew.
const ENTRIES_MAX: usize = 10_000;

/// Values by key, each with the time it was read.
pub(crate) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (V, Instant)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// The value, if it is young enough.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .get(key)
            .filter(|(_, read)| read.elapsed() < AGE_MAX)
            .map(|(value, _)| value.clone())
    }

    /// Keeps a value that was read no earlier than `read`.
    pub(crate) fn put(&self, key: K, value: V, read: Instant) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (value, read));
    }

    /// Forgets everything, after a change made by this process.
    pub(crate) fn clear(&self) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
