//! An update that makes the platform unwell is undone: judged by the record of updates on this machine.
//!
//! Settings that could lock people out stand in a file that only root edits; there is no change of them by the platform
//! to undo. Where such a change comes, it is looked at here.

use super::look::Look;
use crate::Platform;
use host::updates::{Folder, Outcome as Ended, RecordError, Update};
use jiff::Timestamp;
use promises::Outcome;

pub(super) const ID: &str = "change-rollback";

/// An update takes minutes, that of a large appliance hours.
const RUNNING_SECONDS_MAX: i64 = 24 * 3600;

pub(super) fn look(platform: &Platform) -> Outcome {
    let folder = Folder::of_machine();
    let read = folder
        .history()
        .and_then(|history| Ok((history, folder.current()?)));
    judge(read, platform.now())
}

fn judge(read: Result<(Vec<Update>, Option<Update>), RecordError>, now: Timestamp) -> Outcome {
    let (history, current) = match read {
        Ok(read) => read,
        Err(error) => return Outcome::could_not_look(error.to_string()),
    };
    let mut look = Look::new();
    let age = |update: &Update| now.as_second() - update.began_at.as_second();
    if let Some(cut) = current.filter(|current| age(current) > RUNNING_SECONDS_MAX) {
        let what = format!("the update to {} was cut off and nobody has ended it", cut.to);
        look.fault(what, "the platform", "run `strongroom update run --resume`");
    }
    let Some(last) = history.first() else {
        return match look.is_clean() {
            true => Outcome::could_not_look("the platform has not been updated on this machine yet"),
            false => look.done(),
        };
    };
    if last.outcome == Some(Ended::Unwell) {
        let what = format!(
            "after the update from {} to {} the platform was not well, and going back did not help",
            last.from, last.to
        );
        let advice = "`strongroom update history` says why; `strongroom doctor` says what to do";
        look.fault(what, "the platform", advice);
    }
    let count = |outcome| history.iter().filter(|one| one.outcome == Some(outcome)).count();
    let health = last
        .steps
        .iter()
        .filter_map(|step| step.said.as_deref())
        .next_back();
    look.fact(
        "last update",
        format!("{} to {}, {:?}", last.from, last.to, last.outcome),
    )
    .fact("its last step", health.unwrap_or("said nothing"))
    .fact("updates installed", count(Ended::Installed))
    .fact("updates undone", count(Ended::Undone))
    .done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ended(outcome: Ended) -> Update {
        let mut update = Update::new("0.1.0", "0.1.1", at(1000));
        update.end(outcome, None, at(1100));
        update
    }

    fn faults(history: Vec<Update>, current: Option<Update>, now: i64) -> Option<usize> {
        match judge(Ok((history, current)), at(now)) {
            Outcome::Looked { faults, .. } => Some(faults.len()),
            Outcome::CouldNotLook { .. } => None,
        }
    }

    #[test]
    fn an_update_that_was_undone_keeps_it_and_one_that_stayed_unwell_breaks_it() {
        assert_eq!(faults(vec![ended(Ended::Installed)], None, 2000), Some(0));
        assert_eq!(faults(vec![ended(Ended::Undone)], None, 2000), Some(0));
        assert_eq!(faults(vec![ended(Ended::Unwell)], None, 2000), Some(1));
        assert_eq!(
            faults(vec![ended(Ended::Installed), ended(Ended::Unwell)], None, 2000),
            Some(0),
            "a later update made it well"
        );
    }

    #[test]
    fn an_update_that_nobody_ends_breaks_it_and_a_running_one_does_not() {
        let running = || Some(Update::new("0.1.0", "0.1.1", at(1000)));
        assert_eq!(faults(vec![ended(Ended::Installed)], running(), 2000), Some(0));
        assert_eq!(faults(vec![], running(), 1000 + RUNNING_SECONDS_MAX + 1), Some(1));
    }

    #[test]
    fn without_an_update_or_a_record_nothing_is_known() {
        assert_eq!(faults(vec![], None, 2000), None);
        let unreadable = judge(Err(RecordError::Busy), at(2000));
        assert!(matches!(unreadable, Outcome::CouldNotLook { .. }));
    }
}
