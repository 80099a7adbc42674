//! Whether the certificates that are stored with settings are good for a while: authorities to trust, and our own ones towards
//! directories and collectors.
//!
//! Of a bundle of authorities one that is good is enough: during a change of authority the old one ends beside the new one.

use crate::finding::Finding;
use jiff::Timestamp;
use platform::{
    Caller, Platform,
    stored_certificate::{self, Role, StoredCertificate},
};
use std::collections::BTreeMap;

const CHECK: &str = "stored-certificates";
const ADVICE: &str = "get the next one and set it where this one is set; look with `openssl x509`";
/// Fewest days that one is to be good for.
const DAYS_MIN: i64 = 30;

pub(super) async fn check(platform: &Platform) -> Vec<Finding> {
    match stored_certificate::list(platform, &Caller::host()).await {
        Ok(found) => judge(&found, Timestamp::now()),
        Err(error) => vec![Finding::could_not_look(
            CHECK,
            error.detail,
            "see the check `database`",
        )],
    }
}

fn judge(found: &[StoredCertificate], now: Timestamp) -> Vec<Finding> {
    let mut bundles: BTreeMap<(&str, Role), Vec<&StoredCertificate>> = BTreeMap::new();
    for one in found {
        bundles.entry((&one.place, one.role)).or_default().push(one);
    }
    let faults: Vec<Finding> = bundles
        .iter()
        .filter_map(|((place, role), bundle)| judge_bundle(place, *role, bundle, now))
        .collect();
    if !faults.is_empty() {
        return faults;
    }
    let first = found.iter().map(|one| days_left(one, now)).min();
    vec![Finding::ok(
        CHECK,
        match first {
            Some(days) => format!("{}, the first ends in {days} days", found.len()),
            None => "none is stored".to_owned(),
        },
    )]
}

/// Whole days until the end; below zero when it has ended.
fn days_left(one: &StoredCertificate, now: Timestamp) -> i64 {
    one.ends_at.duration_since(now).as_secs().div_euclid(86_400)
}

fn judge_bundle(place: &str, role: Role, bundle: &[&StoredCertificate], now: Timestamp) -> Option<Finding> {
    let days = |one: &&&StoredCertificate| days_left(one, now);
    let what = match role {
        Role::Authority => "the authority",
        Role::Own => "our own certificate",
    };
    // Each of our own chain is needed; of the authorities, any.
    let needed = match role {
        Role::Authority => bundle.iter().max_by_key(days)?,
        Role::Own => bundle.iter().min_by_key(days)?,
    };
    if days_left(needed, now) < 0 {
        let text = format!("{place}: {what} {} ended on {}", needed.subject, needed.ends_at);
        return Some(Finding::fault(CHECK, text, ADVICE));
    }
    // The last good one first: one that ended beside it is the smaller matter.
    let next = match days_left(needed, now) < DAYS_MIN {
        true => needed,
        false => bundle.iter().min_by_key(days)?,
    };
    match days_left(next, now) {
        DAYS_MIN.. => None,
        days if days < 0 => {
            let text = format!(
                "{place}: {what} {} ended on {}, another is good",
                next.subject, next.ends_at
            );
            Some(Finding::warning(CHECK, text, "take it out of the settings"))
        }
        days => {
            let text = format!("{place}: {what} {} ends in {days} days", next.subject);
            Some(Finding::warning(CHECK, text, ADVICE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    fn ending(place: &str, role: Role, days: i64) -> StoredCertificate {
        StoredCertificate {
            place: place.to_owned(),
            role,
            subject: format!("CN=of {days}"),
            ends_at: Timestamp::from_second(days * 86_400).unwrap(),
        }
    }

    fn judged(found: &[StoredCertificate]) -> (Level, String) {
        let findings = judge(found, Timestamp::UNIX_EPOCH);
        assert_eq!(findings.len(), 1, "{findings:?}");
        (findings[0].level, findings[0].what.clone())
    }

    #[test]
    fn thirty_days_before_its_end_it_is_warned_of_and_after_it_is_a_fault() {
        for role in [Role::Authority, Role::Own] {
            let of = |days| judged(&[ending("directory harbour", role, days)]);
            assert_eq!(of(30).0, Level::Ok, "{role:?}");
            assert_eq!(of(29).0, Level::Warning, "{role:?}");
            assert!(of(29).1.contains("CN=of 29 ends in 29 days"), "{:?}", of(29));
            assert_eq!(of(0).0, Level::Warning, "{role:?}");
            assert_eq!(of(-1).0, Level::Fault, "{role:?}");
        }
        assert_eq!(judged(&[]), (Level::Ok, "none is stored".to_owned()));
    }

    #[test]
    fn of_several_authorities_one_that_is_good_is_enough_and_of_our_own_chain_each_is_needed() {
        let both = |role| [ending("mail", role, -3), ending("mail", role, 400)];
        let (level, what) = judged(&both(Role::Authority));
        assert!(
            level == Level::Warning && what.contains("another is good"),
            "{what}"
        );
        assert_eq!(judged(&both(Role::Own)).0, Level::Fault);
        let last = [
            ending("mail", Role::Authority, -5),
            ending("mail", Role::Authority, 3),
        ];
        let (_, what) = judged(&last);
        assert!(what.contains("CN=of 3 ends in 3 days"), "{what}");
        let apart = [
            ending("mail", Role::Authority, -3),
            ending("sms", Role::Authority, 400),
        ];
        assert_eq!(
            judged(&apart).0,
            Level::Fault,
            "another place's authority helps nobody"
        );
    }
}
