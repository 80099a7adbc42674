//! A waiver: somebody answers for a promise that is not kept, until a date.
//!
//! Invariant: a waiver has a name, a reason and an end, never turns "kept" into anything, and leaves the evidence
//! and the reason of the verdict as they are.

use serde::Serialize;

use crate::judge::{State, Verdict};

/// Somebody's decision to live with a broken or unknown promise for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    by: String,
    reason: String,
    until_us: i64,
}

/// A waiver that nobody could answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWaiver {
    /// Nobody is named.
    #[error("a waiver names who gives it")]
    NobodyNamed,
    /// No reason is given.
    #[error("a waiver gives its reason")]
    NoReason,
}

impl Waiver {
    /// A waiver given by `by`, for `reason`, up to and without `until_us` (microseconds since 1970-01-01 UTC).
    ///
    /// # Errors
    /// [`InvalidWaiver`] when the name or the reason is blank.
    pub fn new(
        by: impl Into<String>,
        reason: impl Into<String>,
        until_us: i64,
    ) -> Result<Self, InvalidWaiver> {
        let (by, reason) = (by.into(), reason.into());
        if by.trim().is_empty() {
            return Err(InvalidWaiver::NobodyNamed);
        }
        if reason.trim().is_empty() {
            return Err(InvalidWaiver::NoReason);
        }
        Ok(Waiver { by, reason, until_us })
    }

    /// Who gives it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When it ends, in microseconds since 1970-01-01 UTC.
    pub const fn until_us(&self) -> i64 {
        self.until_us
    }
}

impl Verdict {
    /// The same verdict under a waiver: broken and unknown become waived while it lasts.
    #[must_use]
    pub fn under(mut self, waiver: Option<&Waiver>, now_us: i64) -> Self {
        let Some(waiver) = waiver.filter(|waiver| now_us < waiver.until_us) else {
            return self;
        };
        match self.state {
            State::Broken | State::Unknown => {
                self.state = State::Waived;
                self.waiver = Some(waiver.clone());
            }
            State::Kept | State::Waived => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find;
    use crate::judge::judge;
    use crate::observation::{Observation, Outcome};

    fn verdict(outcome: Outcome) -> Verdict {
        let observation = Observation {
            checked_at_us: 100,
            took_ms: 1,
            outcome,
        };
        judge(find("uptime").unwrap(), Some(&observation), 100, 1000)
    }

    #[test]
    fn a_waiver_covers_broken_and_unknown_until_it_ends() {
        let waiver = Waiver::new("Ada", "the disk is on order", 200).unwrap();
        for outcome in [
            Outcome::could_not_look("away"),
            Outcome::looked().with_fault("a", "b", "c"),
        ] {
            let bare = verdict(outcome);
            let waived = bare.clone().under(Some(&waiver), 199);
            assert_eq!(waived.state, State::Waived);
            assert_eq!((&waived.reason, &waived.faults), (&bare.reason, &bare.faults));
            assert_eq!(waived.waiver.as_ref().unwrap().by(), "Ada");
            assert_eq!(bare.clone().under(Some(&waiver), 200), bare);
            assert_eq!(bare.clone().under(None, 100), bare);
        }
    }

    #[test]
    fn a_waiver_leaves_a_kept_promise_kept() {
        let waiver = Waiver::new("Ada", "just in case", 200).unwrap();
        let kept = verdict(Outcome::looked().with_fact("availability", "99.99 %"));
        assert_eq!(kept.clone().under(Some(&waiver), 150), kept);
        assert_eq!(kept.state, State::Kept);
    }

    #[test]
    fn a_waiver_without_a_name_or_reason_is_refused() {
        assert_eq!(Waiver::new(" ", "r", 1), Err(InvalidWaiver::NobodyNamed));
        assert_eq!(Waiver::new("Ada", "", 1), Err(InvalidWaiver::NoReason));
    }
}
