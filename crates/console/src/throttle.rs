//! Growing waits after failed sign-ins, by account name and by address.
//!
//! Invariants: memory is bounded ([`KEYS_MAX`]); a wait never exceeds [`WAIT_SECONDS_MAX`], so nobody is locked out for
//! good by somebody else's guessing. Time is a parameter.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Most names and addresses remembered at once.
const KEYS_MAX: usize = 10_000;
/// Longest wait.
const WAIT_SECONDS_MAX: u64 = 900;
/// Failures are forgotten after so long without another.
const FORGET_SECONDS: u64 = 3_600;
/// Failures of one name that cost nothing.
const FREE_OF_NAME: u32 = 4;
/// Failures from one address that cost nothing: many people share one behind a router.
const FREE_OF_ADDRESS: u32 = 20;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Who tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    Address(IpAddr),
}

/// Failed sign-ins of late.
#[derive(Default)]
pub(crate) struct Throttle {
    failures: Mutex<HashMap<Key, Failures>>,
}

fn keys(name: &str, address: Option<IpAddr>) -> impl Iterator<Item = (Key, u32)> {
    let name: String = name.trim().to_lowercase().chars().take(254).collect();
    let address = address.map(|address| (Key::Address(network_of(address)), FREE_OF_ADDRESS));
    // Without a name it is nobody's: one would make everybody wait.
    let name = (!name.is_empty()).then_some((Key::Name(name), FREE_OF_NAME));
    name.into_iter().chain(address)
}

/// An IPv6 customer has a /64 of addresses to try from, so that counts as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        IpAddr::V4(_) => address,
    }
}

/// One second after the first failure that costs, doubling from there.
fn wait_after(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None | Some(0) => Duration::ZERO,
        Some(over) => Duration::from_secs((1_u64 << over.min(20)).min(WAIT_SECONDS_MAX)),
    }
}

impl Throttle {
    /// How long to wait before the next try; zero for none.
    pub(crate) fn wait(&self, name: &str, address: Option<IpAddr>, now: Instant) -> Duration {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(key, free): (Key, u32)| {
            let found = failures.get(&key)?;
            let ends = found.last + wait_after(found.count, free);
            Some(ends.saturating_duration_since(now))
        };
        keys(name, address).filter_map(left).max().unwrap_or_default()
    }

    /// Notes a failed try.
    pub(crate) fn note_failure(&self, name: &str, address: Option<IpAddr>, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let forget = Duration::from_secs(FORGET_SECONDS);
        if failures.len() + 2 > KEYS_MAX {
            failures.retain(|_, found| now.saturating_duration_since(found.last) < forget);
        }
        if failures.len() + 2 > KEYS_MAX
            && let Some(oldest) = failures
                .iter()
                .min_by_key(|(_, found)| found.last)
                .map(|(key, _)| key.clone())
        {
            failures.remove(&oldest);
        }
        for (key, _) in keys(name, address) {
            let found = failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now.saturating_duration_since(found.last) >= forget {
                found.count = 0;
            }
            found.count = found.count.saturating_add(1);
            found.last = now;
        }
    }

    /// Forgets the failures of a name that signed in. Those of its address stay: guessing goes on with other names.
    pub(crate) fn forgive(&self, name: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys(name, None) {
            failures.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(throttle: &Throttle, name: &str, address: Option<IpAddr>, times: u32, now: Instant) {
        (0..times).for_each(|_| throttle.note_failure(name, address, now));
    }

    #[test]
    fn waits_grow_and_end() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        fail(&throttle, "ann", None, FREE_OF_NAME, now);
        assert_eq!(throttle.wait("ann", None, now), Duration::ZERO);
        fail(&throttle, "ANN ", None, 1, now);
        assert_eq!(throttle.wait("ann", None, now), Duration::from_secs(2));
        fail(&throttle, "ann", None, 40, now);
        assert_eq!(
            throttle.wait("ann", None, now),
            Duration::from_secs(WAIT_SECONDS_MAX)
        );
        let later = now + Duration::from_secs(WAIT_SECONDS_MAX);
        assert_eq!(throttle.wait("ann", None, later), Duration::ZERO);
    }

    #[test]
    fn tries_without_a_name_make_nobody_else_wait() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        fail(&throttle, "", Some(one), 100, now);
        fail(&throttle, "  ", Some(one), 100, now);
        assert!(throttle.wait("", Some(one), now) > Duration::ZERO);
        assert_eq!(throttle.wait("", Some(other), now), Duration::ZERO);
    }

    #[test]
    fn one_address_cannot_try_many_names() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let (one, other) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        for place in 0..=FREE_OF_ADDRESS {
            throttle.note_failure(&place.to_string(), Some(one), now);
        }
        assert!(
            throttle.wait("fresh", Some(other), now) > Duration::ZERO,
            "the same /64"
        );
        assert_eq!(throttle.wait("fresh", None, now), Duration::ZERO);
    }

    #[test]
    fn a_sign_in_forgives_the_name() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        fail(&throttle, "ann", None, 10, now);
        throttle.forgive("Ann");
        assert_eq!(throttle.wait("ann", None, now), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for place in 0..KEYS_MAX + 50 {
            throttle.note_failure(&place.to_string(), None, now);
        }
        assert!(throttle.failures.lock().unwrap().len() <= KEYS_MAX);
    }
}
