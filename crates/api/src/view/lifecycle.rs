//! The life of an organization as JSON: its state, an ordered deletion, holds.

use jiff::Timestamp;
use platform::{
    hold::Hold,
    lifecycle::{Lifecycle, PlannedDeletion},
};
use serde::Serialize;
use types::{AccountId, HoldId};

/// Where an organization stands.
#[derive(Serialize)]
pub(crate) struct LifecycleView {
    state: &'static str,
    cancelled_at: Option<Timestamp>,
    export_until: Option<Timestamp>,
    window_days: u16,
    deletion: Option<DeletionView>,
    held: bool,
}

#[derive(Serialize)]
struct DeletionView {
    cause: &'static str,
    ordered_at: Timestamp,
    ordered_by: Option<AccountId>,
    due_at: Timestamp,
}

impl From<Lifecycle> for LifecycleView {
    fn from(life: Lifecycle) -> Self {
        let deletion = |planned: PlannedDeletion| DeletionView {
            cause: planned.cause.as_str(),
            ordered_at: planned.ordered_at,
            ordered_by: planned.ordered_by,
            due_at: planned.due_at,
        };
        Self {
            state: life.state.as_str(),
            cancelled_at: life.cancelled_at,
            export_until: life.export_until,
            window_days: life.window_days,
            deletion: life.deletion.map(deletion),
            held: life.is_held,
        }
    }
}

/// A hold.
#[derive(Serialize)]
pub(crate) struct HoldView {
    id: HoldId,
    reason: String,
    person: String,
    concerns: Option<AccountId>,
    placed_at: Timestamp,
    placed_by: Option<AccountId>,
    lifted_at: Option<Timestamp>,
    lifted_by: Option<AccountId>,
    lifted_reason: Option<String>,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        let (lifted_at, lifted_by) = (
            hold.lifted.as_ref().map(|lifted| lifted.at),
            hold.lifted.as_ref().and_then(|lifted| lifted.by),
        );
        Self {
            id: hold.id,
            reason: hold.reason,
            person: hold.person,
            concerns: hold.concerns,
            placed_at: hold.placed_at,
            placed_by: hold.placed_by,
            lifted_at,
            lifted_by,
            lifted_reason: hold.lifted.map(|lifted| lifted.reason),
        }
    }
}

/// An organization's holds.
#[derive(Serialize)]
pub(crate) struct HoldsView {
    pub(crate) holds: Vec<HoldView>,
}
