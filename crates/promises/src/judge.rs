//! From evidence to a state.
//!
//! Invariant: "kept" needs a recent look that saw at least one fact and no fault. Everything else is broken or
//! unknown, and says why. Start at [`judge`].

use serde::{Deserialize, Serialize};

use crate::catalogue::{Promise, PromiseId};
use crate::observation::{Fact, Fault, Observation, Outcome};
use crate::waiver::Waiver;

/// A check's clock may run ahead of ours by this much before its time is doubted.
const CLOCK_SKEW_US_MAX: i64 = 60_000_000;

/// What can be said of a promise now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A recent look shows that it holds.
    Kept,
    /// A recent look shows that it does not hold.
    Broken,
    /// Nobody can say.
    Unknown,
    /// Broken or unknown, and somebody answers for it for a while.
    Waived,
}

/// What can be said of one promise, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which promise.
    pub id: PromiseId,
    /// What can be said.
    pub state: State,
    /// Why, in a sentence that stands alone.
    pub reason: String,
    /// When the check last finished, in microseconds since 1970-01-01 UTC; null if it never ran.
    pub checked_at_us: Option<i64>,
    /// How long it took, in milliseconds; null if it never ran.
    pub took_ms: Option<u32>,
    /// What the check saw.
    pub facts: Vec<Fact>,
    /// What it found wrong.
    pub faults: Vec<Fault>,
    /// The waiver that turned the state into waived, if one did.
    pub waiver: Option<Waiver>,
}

impl State {
    /// Every state.
    pub const ALL: [State; 4] = [State::Kept, State::Broken, State::Unknown, State::Waived];

    /// The stable name used in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Kept => "kept",
            State::Broken => "broken",
            State::Unknown => "unknown",
            State::Waived => "waived",
        }
    }
}

/// What the last observation of `promise` says at `now_us`, if it may be at most `age_us_max` old.
pub fn judge(promise: &Promise, observation: Option<&Observation>, now_us: i64, age_us_max: i64) -> Verdict {
    let Some(observation) = observation else {
        return blank(promise, "not built yet: no check looks at this");
    };
    let (state, reason) = match doubt(observation, now_us, age_us_max) {
        Some(doubt) => (State::Unknown, doubt),
        None => weigh(&observation.outcome),
    };
    let (facts, faults) = match &observation.outcome {
        Outcome::Looked { facts, faults } => (facts.clone(), faults.clone()),
        Outcome::CouldNotLook { .. } => (Vec::new(), Vec::new()),
    };
    Verdict {
        state,
        reason,
        checked_at_us: Some(observation.checked_at_us),
        took_ms: Some(observation.took_ms),
        facts,
        faults,
        ..blank(promise, "")
    }
}

fn blank(promise: &Promise, reason: &str) -> Verdict {
    Verdict {
        id: promise.id,
        state: State::Unknown,
        reason: reason.to_owned(),
        checked_at_us: None,
        took_ms: None,
        facts: Vec::new(),
        faults: Vec::new(),
        waiver: None,
    }
}

/// Why the observation's time says nothing about now, if so.
fn doubt(observation: &Observation, now_us: i64, age_us_max: i64) -> Option<String> {
    let age_us = now_us.saturating_sub(observation.checked_at_us);
    if age_us < -CLOCK_SKEW_US_MAX {
        return Some("the last check lies in the future; the clock was set back".to_owned());
    }
    if age_us <= age_us_max {
        return None;
    }
    let before = match &observation.outcome {
        Outcome::Looked { faults, .. } if !faults.is_empty() => "; it found the promise broken",
        Outcome::Looked { .. } => "",
        Outcome::CouldNotLook { .. } => "; it could not look",
    };
    let (age, bound) = (age_text(age_us), age_text(age_us_max));
    Some(format!("the last check is {age} old, older than {bound}{before}"))
}

fn weigh(outcome: &Outcome) -> (State, String) {
    match outcome {
        Outcome::CouldNotLook { why } => (State::Unknown, format!("the check could not look: {why}")),
        Outcome::Looked { facts, faults } => match (faults.as_slice(), facts.as_slice()) {
            ([first, rest @ ..], _) => (State::Broken, fault_text(first, rest.len())),
            ([], []) => (
                State::Unknown,
                "a check that looked at nothing cannot say kept; it saw no fact".to_owned(),
            ),
            ([], [only]) => (State::Kept, format!("{}: {}", only.name, only.value)),
            ([], facts) => (State::Kept, format!("{} facts seen, no fault", facts.len())),
        },
    }
}

fn fault_text(first: &Fault, more: usize) -> String {
    let tail = match more {
        0 => String::new(),
        1 => " (and 1 more fault)".to_owned(),
        more => format!(" (and {more} more faults)"),
    };
    format!("{}, at {}: {}{tail}", first.what, first.where_, first.advice)
}

/// An age in its largest whole unit.
fn age_text(age_us: i64) -> String {
    let seconds = age_us / 1_000_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::find;

    const SECOND: i64 = 1_000_000;
    const NOW: i64 = 1_000_000 * SECOND;

    fn judged(outcome: Outcome, age_us: i64) -> Verdict {
        let observation = Observation {
            checked_at_us: NOW - age_us,
            took_ms: 7,
            outcome,
        };
        judge(
            find("transit-tls").unwrap(),
            Some(&observation),
            NOW,
            300 * SECOND,
        )
    }

    fn said(verdict: &Verdict) -> (State, &str) {
        (verdict.state, verdict.reason.as_str())
    }

    #[test]
    fn without_a_check_it_is_unknown() {
        let verdict = judge(find("people").unwrap(), None, NOW, 300 * SECOND);
        assert_eq!(
            said(&verdict),
            (State::Unknown, "not built yet: no check looks at this")
        );
        assert_eq!((verdict.checked_at_us, verdict.took_ms), (None, None));
    }

    #[test]
    fn facts_without_a_fault_are_kept() {
        let one = judged(Outcome::looked().with_fact("protocol", "TLSv1.3"), 0);
        assert_eq!(said(&one), (State::Kept, "protocol: TLSv1.3"));
        let two = judged(Outcome::looked().with_fact("a", 1).with_fact("b", 2), 0);
        assert_eq!(said(&two), (State::Kept, "2 facts seen, no fault"));
        assert_eq!((two.facts.len(), two.took_ms), (2, Some(7)));
    }

    #[test]
    fn any_fault_is_broken_and_the_first_is_the_reason() {
        let outcome = Outcome::looked().with_fact("protocol", "TLSv1.3").with_fault(
            "the certificate expired",
            "server.pem",
            "renew it",
        );
        let verdict = judged(outcome.clone(), 0);
        assert_eq!(
            said(&verdict),
            (State::Broken, "the certificate expired, at server.pem: renew it")
        );
        let verdict = judged(outcome.with_fault("b", "b", "b"), 0);
        let reason = "the certificate expired, at server.pem: renew it (and 1 more fault)";
        assert_eq!(said(&verdict), (State::Broken, reason));
        assert_eq!(verdict.faults.len(), 2);
    }

    #[test]
    fn a_fault_without_a_fact_is_still_broken() {
        assert_eq!(
            judged(Outcome::looked().with_fault("a", "b", "c"), 0).state,
            State::Broken
        );
    }

    #[test]
    fn a_check_that_could_not_look_is_unknown() {
        let verdict = judged(Outcome::could_not_look("the database is away"), 0);
        assert_eq!(
            said(&verdict),
            (State::Unknown, "the check could not look: the database is away")
        );
    }

    #[test]
    fn a_check_that_looked_at_nothing_cannot_say_kept() {
        let reason = "a check that looked at nothing cannot say kept; it saw no fact";
        assert_eq!(said(&judged(Outcome::looked(), 0)), (State::Unknown, reason));
    }

    #[test]
    fn an_old_look_is_unknown_and_says_how_old() {
        let kept = Outcome::looked().with_fact("protocol", "TLSv1.3");
        assert_eq!(judged(kept.clone(), 300 * SECOND).state, State::Kept);
        let stale = judged(kept.clone(), 300 * SECOND + 1);
        assert_eq!(
            said(&stale),
            (State::Unknown, "the last check is 5 min old, older than 5 min")
        );
        let stale = judged(kept.with_fault("a", "b", "c"), 90 * 3600 * SECOND);
        let reason = "the last check is 3 days old, older than 5 min; it found the promise broken";
        assert_eq!(said(&stale), (State::Unknown, reason));
        let stale = judged(Outcome::could_not_look("w"), 7200 * SECOND);
        let reason = "the last check is 2 h old, older than 5 min; it could not look";
        assert_eq!(said(&stale), (State::Unknown, reason));
    }

    #[test]
    fn a_look_from_the_future_is_unknown() {
        let kept = Outcome::looked().with_fact("protocol", "TLSv1.3");
        assert_eq!(judged(kept.clone(), -60 * SECOND).state, State::Kept);
        let future = judged(kept, -61 * SECOND);
        let reason = "the last check lies in the future; the clock was set back";
        assert_eq!(said(&future), (State::Unknown, reason));
    }

    #[test]
    fn a_verdict_in_json_has_this_shape() {
        let verdict = judged(Outcome::looked().with_fact("protocol", "TLSv1.3"), 0);
        let expected = serde_json::json!({
            "id": "transit-tls",
            "state": "kept",
            "reason": "protocol: TLSv1.3",
            "checked_at_us": NOW,
            "took_ms": 7,
            "facts": [{"name": "protocol", "value": "TLSv1.3"}],
            "faults": [],
            "waiver": null,
        });
        assert_eq!(serde_json::to_value(&verdict).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn kept_needs_a_recent_fact_and_no_fault(
            facts in 0_usize..3, faults in 0_usize..3, blind: bool, age_s in -1000_i64..1000,
        ) {
            let mut outcome = if blind { Outcome::could_not_look("away") } else { Outcome::looked() };
            for _ in 0..facts {
                outcome = outcome.with_fact("f", "v");
            }
            for _ in 0..faults {
                outcome = outcome.with_fault("w", "x", "a");
            }
            let state = judged(outcome, age_s * SECOND).state;
            let may_be_kept = !blind && facts > 0 && faults == 0 && (-60..=300).contains(&age_s);
            prop_assert_eq!(state == State::Kept, may_be_kept);
        }
    }
}
