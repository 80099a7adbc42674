//! How often each promise is looked at, and how old a look may be.
//!
//! Invariant: a look may be three intervals old, so that one late or failed run does not read as "unknown", and two
//! do. The lists name ids of the catalogue only; a test holds that.

use crate::catalogue::{Kind, PromiseId};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// What users feel at once and a look costs nothing.
const EVERY_MINUTE: &[&str] = &[
    "transit-tls",
    "transit-compatibility",
    "remote-disable",
    "replication",
    "uptime",
    "monitoring",
];

/// Samples, probes and recomputations that cost something.
const EVERY_HOUR: &[&str] = &[
    "field-encryption",
    "tenant-role",
    "request-verification",
    "roles",
    "audit-complete",
    "audit-immutable",
    "restore-point-in-time",
    "deletion-24h",
    "deletion-backups",
    "data-subject-rights",
    "host-hardening",
    "vulnerability-disclosure",
    "compliance-evidence",
];

/// Whole scans and round trips, and what changes by the day.
const EVERY_DAY: &[&str] = &[
    "crypto-agility",
    "audit-offline-proof",
    "export-complete",
    "export-after-cancellation",
    "no-card-numbers",
    "restore-tested",
    "disaster-recovery",
    "security-updates",
    "offline-updates",
    "current-debian",
    "vulnerability-scanning",
    "own-infrastructure",
    "secure-development",
];

/// How often a promise is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// A check runs this often, in seconds.
    pub every_seconds: u32,
    /// A look older than this says nothing, in seconds.
    pub age_seconds_max: u32,
}

impl Interval {
    /// The oldest look that counts, in microseconds, as [`crate::judge`] takes it.
    pub const fn age_us_max(self) -> i64 {
        self.age_seconds_max as i64 * 1_000_000
    }
}

/// The interval of one promise: by its list, a day for what people attest, five minutes for the rest.
pub fn interval_for(id: PromiseId) -> Interval {
    let attested = id.promise().is_some_and(|promise| promise.kind == Kind::Attested);
    let every_seconds = if EVERY_MINUTE.contains(&id.as_str()) {
        MINUTE
    } else if EVERY_HOUR.contains(&id.as_str()) {
        HOUR
    } else if attested || EVERY_DAY.contains(&id.as_str()) {
        DAY
    } else {
        5 * MINUTE
    };
    Interval {
        every_seconds,
        age_seconds_max: 3 * every_seconds,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::{catalogue, find};

    #[test]
    fn the_lists_name_promises_of_the_catalogue_once() {
        let named: Vec<_> = [EVERY_MINUTE, EVERY_HOUR, EVERY_DAY].concat();
        assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
        for id in named {
            assert!(find(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn every_promise_is_looked_at_between_every_minute_and_every_day() {
        for promise in catalogue() {
            let interval = interval_for(promise.id);
            assert!((MINUTE..=DAY).contains(&interval.every_seconds), "{}", promise.id);
            assert_eq!(
                interval.age_seconds_max,
                3 * interval.every_seconds,
                "{}",
                promise.id
            );
        }
    }

    #[test]
    fn each_list_has_its_interval() {
        let every = |id: &str| interval_for(find(id).unwrap().id).every_seconds;
        let seen = [
            "transit-tls",
            "password-hashing",
            "field-encryption",
            "no-card-numbers",
            "people",
        ]
        .map(every);
        assert_eq!(seen, [60, 300, 3600, 86_400, 86_400]);
        assert_eq!(interval_for(find("uptime").unwrap().id).age_us_max(), 180_000_000);
    }
}
