//! Rate limits: one token bucket per account, or per address of callers that are not known.
//!
//! Invariant: memory is bounded. When the map is full, buckets that are full again go first; if there is none, all go,
//! which favours the callers and never the attacker's memory use.

use crate::refusal::{Refusal, Result};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};
use types::{AccountId, ProblemCode};

/// Most buckets.
const BUCKETS_MAX: usize = 20_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Payer {
    Account(AccountId),
    /// An IPv4 address, or the /64 of an IPv6 address, which one customer usually has whole.
    Address(u128),
}

impl Payer {
    pub(crate) fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Address(u128::from(address.to_bits())),
            IpAddr::V6(address) => Self::Address(address.to_bits() >> 64 << 64),
        }
    }
}

/// What a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Requests left right now.
    pub(crate) remaining: u32,
}

struct Bucket {
    level: f64,
    at: Instant,
}

/// The buckets.
pub(crate) struct Limiter {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<Payer, Bucket>>,
}

impl Limiter {
    /// A bucket holds a minute's requests and fills evenly.
    pub(crate) fn per_minute(requests: u32) -> Self {
        Self {
            burst: f64::from(requests.max(1)),
            per_second: f64::from(requests.max(1)) / 60.0,
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one request out of the payer's bucket.
    pub(crate) fn take(&self, payer: Payer, now: Instant) -> Result<Allowance> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&payer) {
            self.make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(payer).or_insert(Bucket {
            level: self.burst,
            at: now,
        });
        bucket.level = self.level(bucket, now);
        bucket.at = now;
        if bucket.level < 1.0 {
            let wait = ((1.0 - bucket.level) / self.per_second).ceil().max(1.0);
            return Err(too_many(wait));
        }
        bucket.level -= 1.0;
        Ok(Allowance {
            remaining: whole(bucket.level),
        })
    }

    fn level(&self, bucket: &Bucket, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        (bucket.level + gained).min(self.burst)
    }

    fn make_room(&self, buckets: &mut HashMap<Payer, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| self.level(bucket, now) < self.burst);
        if buckets.len() >= BUCKETS_MAX {
            buckets.clear();
        }
    }
}

/// Seconds and levels are small and not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> u32 {
    number as u32
}

fn too_many(wait: f64) -> Refusal {
    let seconds = whole(wait);
    Refusal {
        retry_after: Some(seconds),
        ..Refusal::new(
            ProblemCode::TooMany,
            format!("wait {seconds} seconds and send the request again"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn payer(number: u128) -> Payer {
        Payer::Address(number)
    }

    #[test]
    fn a_minutes_requests_go_at_once_and_then_evenly() {
        let limiter = Limiter::per_minute(60);
        let start = Instant::now();
        for left in (0..60).rev() {
            assert_eq!(limiter.take(payer(1), start).unwrap().remaining, left);
        }
        let refused = limiter.take(payer(1), start).unwrap_err();
        assert_eq!(
            (refused.code, refused.retry_after),
            (ProblemCode::TooMany, Some(1))
        );
        assert!(limiter.take(payer(2), start).is_ok());
        assert!(limiter.take(payer(1), start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::per_minute(60);
        let now = Instant::now();
        for number in 0..=BUCKETS_MAX as u128 {
            limiter.take(payer(number), now).unwrap();
        }
        assert!(limiter.buckets.lock().unwrap().len() <= BUCKETS_MAX);
    }

    #[test]
    fn one_network_of_ipv6_is_one_payer() {
        let of = |text: &str| Payer::address(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
