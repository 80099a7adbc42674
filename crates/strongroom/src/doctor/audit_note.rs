//! Whether the note of the day reaches the people whom operators named.

use crate::finding::Finding;
use jiff::{SignedDuration, Timestamp};
use platform::{Caller, Platform, ledger::daily::Addresses};

const CHECK: &str = "audit-note";
/// One goes each day; a mail server may be away for a while.
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(36);

/// A warning: the log itself is as it was, and the next note covers what this one would have.
pub(super) async fn check(platform: &Platform) -> Finding {
    match Addresses::of(platform, &Caller::host()).await {
        Ok(found) => judge(&found, Timestamp::now()),
        Err(error) => Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    }
}

fn judge(found: &Addresses, now: Timestamp) -> Finding {
    if found.addresses.is_empty() {
        return Finding::ok(
            CHECK,
            "the note of the day is mailed to nobody; name addresses with `strongroom audit note --mail-to`",
        );
    }
    if !found.has_mail {
        let what = "the note of the day is to be mailed, and mail is not set";
        return Finding::warning(CHECK, what, "set it with `strongroom mail set`");
    }
    if let Some(why) = &found.failure {
        return Finding::warning(
            CHECK,
            format!("the last note of the day was given up: {why}"),
            "run `strongroom mail test`; it is tried again each hour",
        );
    }
    match found.sent_at {
        Some(at) if now.duration_since(at) <= OLD_AFTER => {
            Finding::ok(CHECK, format!("a mail server took the last one at {at}"))
        }
        Some(at) => Finding::warning(
            CHECK,
            format!("the last note of the day went out at {at}"),
            "see that the worker runs, with `strongroom status`",
        ),
        None => Finding::ok(
            CHECK,
            "addresses are named, and the first note goes out within minutes",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    #[test]
    fn a_note_that_does_not_go_out_is_a_warning_whatever_keeps_it() {
        let now = Timestamp::now();
        let days_ago = |days: i64| now.checked_sub(SignedDuration::from_hours(24 * days)).ok();
        let well = Addresses {
            addresses: vec!["auditor@example.org".parse().unwrap()],
            has_mail: true,
            sent_at: days_ago(1),
            failure: None,
        };
        let level = |found: Addresses| judge(&found, now).level;
        assert_eq!(level(well.clone()), Level::Ok);
        assert_eq!(
            level(Addresses {
                sent_at: days_ago(2),
                ..well.clone()
            }),
            Level::Warning
        );
        assert_eq!(
            level(Addresses {
                has_mail: false,
                ..well.clone()
            }),
            Level::Warning
        );
        let failure = Some("away".to_owned());
        assert_eq!(
            level(Addresses {
                failure,
                ..well.clone()
            }),
            Level::Warning
        );
        let nobody = Addresses {
            addresses: Vec::new(),
            sent_at: None,
            ..well
        };
        assert_eq!(level(nobody), Level::Ok);
    }
}
