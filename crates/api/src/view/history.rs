//! Histories and actors as JSON.

use super::record::{Links, ValueView};
use jiff::Timestamp;
use platform::record::{Change, HistoryPage, Step};
use serde::Serialize;
use types::{AccountId, EntryId};

/// One field that a version changed.
#[derive(Serialize)]
pub(crate) struct ChangeView<'a> {
    key: &'a str,
    label: &'a str,
    before: ValueView<'a>,
    after: ValueView<'a>,
}

impl<'a> From<&'a Change> for ChangeView<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            key: &change.key,
            label: &change.label,
            before: ValueView(&change.before),
            after: ValueView(&change.after),
        }
    }
}

/// Who acted.
#[derive(Serialize)]
pub(crate) struct ActorJson<'a> {
    pub(crate) kind: &'a str,
    pub(crate) account: Option<AccountId>,
    pub(crate) address: Option<&'a str>,
    pub(crate) device: Option<&'a str>,
}

/// One version.
#[derive(Serialize)]
struct StepView<'a> {
    version: i64,
    entry: EntryId,
    action: &'a str,
    at: Timestamp,
    actor: ActorJson<'a>,
    changes: Vec<ChangeView<'a>>,
}

/// A page of history.
#[derive(Serialize)]
pub(crate) struct HistoryView<'a> {
    steps: Vec<StepView<'a>>,
    /// The version to go on before.
    next: Option<String>,
    erased: bool,
    links: Links<'a>,
}

impl<'a> HistoryView<'a> {
    pub(crate) fn of(page: &'a HistoryPage, next: Option<&'a str>) -> Self {
        Self {
            steps: page.steps.iter().map(step).collect(),
            next: page.before.map(|version| version.to_string()),
            erased: page.is_erased,
            links: Links { next, prev: None },
        }
    }
}

fn step(step: &Step) -> StepView<'_> {
    StepView {
        version: step.version,
        entry: step.entry,
        action: &step.action,
        at: step.at,
        actor: ActorJson {
            kind: step.actor.kind,
            account: step.actor.account,
            address: step.actor.address.as_deref(),
            device: step.actor.device.as_deref(),
        },
        changes: step.changes.iter().map(ChangeView::from).collect(),
    }
}
