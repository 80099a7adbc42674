//! The register: promises and verdicts side by side, as the API, the console and the command line show them.
//!
//! Invariant: a line's verdict is about the line's promise; the only way to make one judges it.

use serde::Serialize;

use crate::catalogue::Promise;
use crate::interval::interval_for;
use crate::judge::{State, Verdict, judge};
use crate::observation::Observation;
use crate::waiver::Waiver;

/// One line of the register. In JSON the members of both stand in one object, with the id once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterLine {
    promise: &'static Promise,
    verdict: Verdict,
}

/// How many promises are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Promises kept.
    pub kept: usize,
    /// Promises broken.
    pub broken: usize,
    /// Promises that nobody can speak for.
    pub unknown: usize,
    /// Promises waived.
    pub waived: usize,
}

impl RegisterLine {
    /// Judges a promise by its own interval and under its waiver.
    pub fn new(
        promise: &'static Promise,
        observation: Option<&Observation>,
        waiver: Option<&Waiver>,
        now_us: i64,
    ) -> Self {
        let age_us_max = interval_for(promise.id).age_us_max();
        let verdict = judge(promise, observation, now_us, age_us_max).under(waiver, now_us);
        RegisterLine { promise, verdict }
    }

    /// The promise.
    pub const fn promise(&self) -> &'static Promise {
        self.promise
    }

    /// What can be said of it.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

impl Serialize for RegisterLine {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            #[serde(flatten)]
            verdict: &'a Verdict,
            made_by: &'a [crate::catalogue::Maker],
            kind: crate::catalogue::Kind,
            promise: &'a str,
            evidence: &'a str,
            broken_by: &'a str,
        }
        let Promise {
            id: _,
            made_by,
            kind,
            promise,
            evidence,
            broken_by,
        } = self.promise;
        Flat {
            verdict: &self.verdict,
            made_by,
            kind: *kind,
            promise,
            evidence,
            broken_by,
        }
        .serialize(serializer)
    }
}

impl Tally {
    /// Counts the states of a register.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a RegisterLine>) -> Self {
        let mut tally = Tally::default();
        for line in lines {
            match line.verdict.state {
                State::Kept => tally.kept += 1,
                State::Broken => tally.broken += 1,
                State::Unknown => tally.unknown += 1,
                State::Waived => tally.waived += 1,
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{catalogue, find};
    use crate::observation::Outcome;

    fn seen(outcome: Outcome) -> Observation {
        Observation {
            checked_at_us: 0,
            took_ms: 1,
            outcome,
        }
    }

    #[test]
    fn a_line_is_judged_by_its_own_interval() {
        let kept = seen(Outcome::looked().with_fact("a", "b"));
        let state = |id, now_s: i64| {
            RegisterLine::new(find(id).unwrap(), Some(&kept), None, now_s * 1_000_000)
                .verdict()
                .state
        };
        assert_eq!(state("transit-tls", 180), State::Kept);
        assert_eq!(state("transit-tls", 181), State::Unknown);
        assert_eq!(state("no-card-numbers", 181), State::Kept);
    }

    #[test]
    fn a_register_without_checks_is_unknown_throughout() {
        let lines: Vec<_> = catalogue()
            .iter()
            .map(|promise| RegisterLine::new(promise, None, None, 0))
            .collect();
        assert_eq!(
            Tally::of(&lines),
            Tally {
                unknown: 67,
                ..Tally::default()
            }
        );
    }

    #[test]
    fn a_tally_counts_each_state() {
        let promise = find("uptime").unwrap();
        let kept = seen(Outcome::looked().with_fact("a", "b"));
        let broken = seen(Outcome::looked().with_fault("a", "b", "c"));
        let waiver = Waiver::new("Ada", "until the disk comes", 10).unwrap();
        let lines = [
            RegisterLine::new(promise, Some(&kept), Some(&waiver), 1),
            RegisterLine::new(promise, Some(&broken), None, 1),
            RegisterLine::new(promise, Some(&broken), Some(&waiver), 1),
            RegisterLine::new(promise, None, Some(&waiver), 10),
        ];
        assert_eq!(
            Tally::of(&lines),
            Tally {
                kept: 1,
                broken: 1,
                waived: 1,
                unknown: 1
            }
        );
    }

    #[test]
    fn a_line_in_json_is_one_flat_object() {
        let line = RegisterLine::new(find("people").unwrap(), None, None, 0);
        let json = serde_json::to_value(&line).unwrap();
        let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "broken_by",
            "checked_at_us",
            "evidence",
            "facts",
            "faults",
            "id",
            "kind",
            "made_by",
            "promise",
            "reason",
            "state",
            "took_ms",
            "waiver",
        ];
        assert_eq!(keys, expected);
        assert_eq!(json["promise"].as_str().unwrap(), find("people").unwrap().promise);
    }
}
