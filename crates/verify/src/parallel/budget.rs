//! How many bytes may be between the reader and the comparing: one waits for the other.
//!
//! Invariant: one batch always passes, however long; nobody waits for a side that has ended.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that are handed out and given back.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_max: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    is_closed: bool,
}

/// Closes the budget when it is dropped.
#[derive(Debug)]
pub(super) struct Open<'a>(&'a Budget);

impl Budget {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            state: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Until that is dropped, bytes come back.
    pub(super) fn open(&self) -> Open<'_> {
        Open(self)
    }

    /// Waits until there is room for so many bytes, and takes them; false when none come back any more.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let is_full = |state: &mut State| {
            !state.is_closed && state.used > 0 && state.used.saturating_add(bytes) > self.bytes_max
        };
        let waited = self.freed.wait_while(self.lock(), is_full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.used = state.used.saturating_add(bytes);
        !state.is_closed
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let mut state = self.lock();
        state.used = state.used.saturating_sub(bytes);
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn what_is_over_the_budget_waits_until_bytes_come_back() {
        let budget = Budget::new(10);
        // More than all of it passes when nothing else is there.
        assert!(budget.take(11));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| budget.take(1));
            thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            budget.give_back(11);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn nobody_waits_for_a_side_that_has_ended() {
        let budget = Budget::new(10);
        assert!(budget.take(10));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| budget.take(1));
            drop(budget.open());
            assert!(!waiting.join().unwrap());
        });
    }
}
