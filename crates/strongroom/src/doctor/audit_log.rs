//! Whether entries reach the log, and the log is signed.

use crate::finding::{Finding, Level};
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform,
    ledger::{
        self, LATE_AFTER, Standing,
        rotation::{self, Rotation},
    },
};

const CHECK: &str = "audit-log";
/// A heartbeat comes every ten minutes, and is signed.
const SILENT_AFTER: SignedDuration = SignedDuration::from_mins(12);
/// A leaf's time may be so far ahead of this clock.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn check(platform: &Platform) -> Finding {
    match ledger::standing(platform).await {
        Ok(standing) => match judge(&standing, Timestamp::now()) {
            well if well.level == Level::Ok => exchange(platform).await.unwrap_or(well),
            other => other,
        },
        Err(error) => Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    }
}

/// Whether the log's key is being exchanged, which somebody has to end.
async fn exchange(platform: &Platform) -> Option<Finding> {
    match rotation::standing(platform, &Caller::host()).await.ok()? {
        Rotation::None { .. } => None,
        Rotation::Made { .. } | Rotation::Announced { .. } => Some(Finding::warning(
            CHECK,
            "the log is signed, and its key is being exchanged: the old one signs beside the new one",
            "hand the new policy to witnesses and auditors, then run `strongroom audit rotate-key --finish`",
        )),
    }
}

fn judge(standing: &Standing, now: Timestamp) -> Finding {
    let worker = "see that strongroom-worker.service runs, and its journal";
    if let Some(trouble) = &standing.trouble {
        let cause = std::error::Error::source(trouble).map(|cause| format!(": {cause}"));
        let what = format!("{trouble}{}", cause.unwrap_or_default());
        return match trouble.is_refusal() {
            true => Finding::fault(
                CHECK,
                what,
                "nothing more is signed until somebody has looked; see OPERATIONS.md",
            ),
            false => Finding::could_not_look(CHECK, what, "run this as root"),
        };
    }
    if let Some(age) = standing.oldest.filter(|_| standing.is_late()) {
        let what = format!(
            "{} entries wait for the log, the oldest for {} s",
            standing.pending,
            age.as_secs()
        );
        return Finding::fault(CHECK, what, worker);
    }
    if let Some(ahead) = standing
        .newest_at
        .map(|at| at.duration_since(now))
        .filter(|ahead| *ahead > AHEAD_MAX)
    {
        let what = format!("the newest leaf is of a time that comes in {} s", ahead.as_secs());
        return Finding::fault(
            CHECK,
            what,
            "see to the machine's clock: times in the log stand still until then",
        );
    }
    let Some(signed) = standing.signed.filter(|signed| signed.size > 0) else {
        return Finding::warning(CHECK, "nothing was signed yet", worker);
    };
    let age = standing
        .published_at
        .map_or(SignedDuration::MAX, |at| now.duration_since(at));
    if standing.unsigned() > 0 && age > LATE_AFTER {
        let what = format!(
            "{} leaves are not signed, for {} s",
            standing.unsigned(),
            age.as_secs()
        );
        return Finding::fault(CHECK, what, worker);
    }
    if age > SILENT_AFTER {
        let what = format!(
            "the newest checkpoint is {} s old, and one comes every ten minutes",
            age.as_secs()
        );
        return Finding::fault(CHECK, what, worker);
    }
    Finding::ok(
        CHECK,
        format!("signed up to #{}, {} s ago", signed.size, age.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::ledger::{Hash, LedgerError, Signed};

    fn standing() -> Standing {
        Standing {
            size: 7,
            pending: 0,
            oldest: None,
            signed: Some(Signed {
                size: 7,
                root: Hash([1; 32]),
            }),
            newest_at: Some(Timestamp::UNIX_EPOCH),
            published_at: Some(Timestamp::UNIX_EPOCH),
            trouble: None,
        }
    }

    fn level(change: impl FnOnce(&mut Standing)) -> Level {
        let mut found = standing();
        change(&mut found);
        judge(&found, Timestamp::from_second(90).unwrap()).level
    }

    #[test]
    fn a_log_that_is_signed_is_well_as_long_as_its_heartbeats_come() {
        assert_eq!(level(|_| {}), Level::Ok);
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(judge(&standing(), at(12 * 60)).level, Level::Ok);
        assert_eq!(judge(&standing(), at(12 * 60 + 1)).level, Level::Fault);
    }

    #[test]
    fn a_leaf_of_a_time_to_come_is_a_fault() {
        let of = |second| move |found: &mut Standing| found.newest_at = Timestamp::from_second(second).ok();
        assert_eq!(level(of(90 + 300)), Level::Ok);
        assert_eq!(level(of(90 + 301)), Level::Fault);
    }

    #[test]
    fn what_waits_or_is_unsigned_for_too_long_is_a_fault() {
        let late = |found: &mut Standing| found.oldest = Some(SignedDuration::from_secs(61));
        assert_eq!(level(late), Level::Fault);
        assert_eq!(
            level(|found| found.oldest = Some(SignedDuration::from_secs(2))),
            Level::Ok
        );
        assert_eq!(level(|found| found.size = 8), Level::Fault);
    }

    #[test]
    fn a_log_that_was_set_back_is_a_fault_and_nothing_signed_a_warning() {
        let behind = |found: &mut Standing| {
            found.trouble = Some(LedgerError::Behind {
                database: 3,
                signed: 7,
            });
        };
        assert_eq!(level(behind), Level::Fault);
        assert_eq!(
            level(|found| found.trouble = Some(LedgerError::Stopped)),
            Level::CouldNotLook
        );
        assert_eq!(level(|found| found.signed = None), Level::Warning);
    }
}
