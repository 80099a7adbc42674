//! A restore of an organization as JSON: looked at, or carried out.

use jiff::Timestamp;
use platform::restore::{Aside, PlannedRestore, Restored, Tally};
use serde::Serialize;
use types::{EntryId, RecordId};

/// What would change, or has changed.
#[derive(Serialize)]
pub(crate) struct RestoreView {
    moment: Timestamp,
    carried_out: bool,
    entry: Option<EntryId>,
    datasets: Vec<TallyView>,
    erasures_since: i64,
    redefinitions_since: Vec<RedefinitionView>,
}

#[derive(Serialize)]
struct TallyView {
    dataset: String,
    changed: u64,
    back: u64,
    trashed: u64,
    unfit: u64,
    slipped: u64,
    told: Vec<UnfitView>,
}

#[derive(Serialize)]
struct UnfitView {
    record: RecordId,
    why: String,
}

#[derive(Serialize)]
struct RedefinitionView {
    dataset: String,
    action: String,
    at: Timestamp,
}

impl RestoreView {
    pub(crate) fn of_planned(planned: &PlannedRestore) -> Self {
        Self::new(planned.moment, &planned.aside, &planned.tallies)
    }

    pub(crate) fn of_done(moment: Timestamp, aside: &Aside, done: &Restored) -> Self {
        Self {
            carried_out: done.entry.is_some(),
            entry: done.entry,
            ..Self::new(moment, aside, &done.tallies)
        }
    }

    fn new(moment: Timestamp, aside: &Aside, tallies: &[Tally]) -> Self {
        let redefinitions = aside.redefinitions.iter().map(|one| RedefinitionView {
            dataset: one.dataset.clone(),
            action: one.action.clone(),
            at: one.at,
        });
        Self {
            moment,
            carried_out: false,
            entry: None,
            datasets: tallies.iter().map(TallyView::from).collect(),
            erasures_since: aside.erasures,
            redefinitions_since: redefinitions.collect(),
        }
    }
}

impl From<&Tally> for TallyView {
    fn from(tally: &Tally) -> Self {
        let told = tally.told.iter().map(|unfit| UnfitView {
            record: unfit.record,
            why: unfit.why.clone(),
        });
        Self {
            dataset: tally.dataset.clone(),
            changed: tally.changed,
            back: tally.back,
            trashed: tally.trashed,
            unfit: tally.unfit,
            slipped: tally.slipped,
            told: told.collect(),
        }
    }
}
