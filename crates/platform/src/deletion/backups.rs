//! What backups still hold of a deleted organization, as far as this machine knows.
//!
//! Invariant: a day is stated for the first location alone, where our own runs let go of what is too old; of anything else it is said
//! that it is not known.

use crate::Platform;
use host::backup::record::Folder;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What a certificate says of copies.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Backups {
    state: &'static str,
    /// When the first location holds nothing of it any more.
    last_copy_ends: Option<Timestamp>,
    note: &'static str,
}

impl Backups {
    /// What holds it when it is deleted at that moment.
    pub(super) fn holding(platform: &Platform, at: Timestamp) -> Self {
        let wish = &platform.settings().backup;
        let taken = Folder::at(&wish.record).runs().map(|runs| !runs.is_empty());
        let held = SignedDuration::from_hours(24 * i64::from(wish.days_held()));
        Self::judge(taken.ok(), wish.second.is_some(), at.checked_add(held).ok())
    }

    fn judge(taken: Option<bool>, has_second: bool, ends: Option<Timestamp>) -> Self {
        let (state, last_copy_ends, note) = match (taken, has_second) {
            (None, _) => (
                "unknown",
                None,
                "the record of backups could not be read; this certificate does not say when copies end",
            ),
            (Some(false), _) => (
                "none",
                None,
                "this appliance never took a backup; copies that were made by other means are not known here",
            ),
            (Some(true), false) => ("until", ends, "backups that hold the data are let go of by then"),
            (Some(true), true) => (
                "until, and elsewhere",
                ends,
                "backups at the first location are let go of by then; the second location lets go by its own clock, which is not known here",
            ),
        };
        Self {
            state,
            last_copy_ends,
            note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_stated_only_where_our_own_runs_let_go() {
        let ends = Some(Timestamp::UNIX_EPOCH);
        let told = |taken, second| {
            let said = Backups::judge(taken, second, ends);
            (said.state, said.last_copy_ends)
        };
        assert_eq!(told(None, false), ("unknown", None));
        assert_eq!(told(Some(false), true), ("none", None));
        assert_eq!(told(Some(true), false), ("until", ends));
        assert_eq!(told(Some(true), true), ("until, and elsewhere", ends));
    }
}
