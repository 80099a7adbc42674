//! How long a client may let us wait for a body: a pause at once, and all pauses together by what has come.
//!
//! Pure: the time is a parameter. Our own slowness does not count, only waiting.

use std::time::{Duration, Instant};

/// The longest single pause.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// All pauses together, before anything is earned.
const PATIENCE: Duration = Duration::from_secs(30);
/// Each so many bytes earn a second: slower clients cannot hold a connection for long.
const BYTES_PER_SECOND_MIN: u64 = 1024;

/// What a client has sent and how long we have waited for it.
#[derive(Debug, Default)]
pub(super) struct Patience {
    received: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl Patience {
    /// Nothing is there; gives the time until which to wait.
    pub(super) fn wait(&mut self, now: Instant) -> Instant {
        let since = *self.waiting_since.get_or_insert(now);
        let earned = Duration::from_secs(self.received / BYTES_PER_SECOND_MIN);
        let left = (PATIENCE + earned).saturating_sub(self.waited);
        since + left.min(PAUSE_MAX)
    }

    /// Something came.
    pub(super) fn receive(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += now.duration_since(since);
        }
        self.received = self.received.saturating_add(bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_at_its_bound() {
        let now = Instant::now();
        let mut patience = Patience::default();
        assert_eq!(patience.wait(now), now + PAUSE_MAX);
        assert_eq!(patience.wait(now + Duration::from_secs(4)), now + PAUSE_MAX);
    }

    #[test]
    fn a_trickle_uses_the_patience_up() {
        let start = Instant::now();
        let mut now = start;
        let mut patience = Patience::default();
        for _ in 0..10 {
            let until = patience.wait(now);
            now = (now + Duration::from_secs(10)).min(until);
            patience.receive(1, now);
        }
        assert_eq!(now - start, PATIENCE, "a byte every ten seconds was borne with");
    }

    #[test]
    fn a_steady_slow_upload_is_borne_with_and_our_own_slowness_is_not_held_against_it() {
        let mut now = Instant::now();
        let mut patience = Patience::default();
        for _ in 0..100 {
            let until = patience.wait(now);
            now += Duration::from_secs(2);
            assert!(until > now, "a client at the slowest rate was given up");
            patience.receive(2 * 1024, now);
            now += Duration::from_secs(60);
        }
    }
}
