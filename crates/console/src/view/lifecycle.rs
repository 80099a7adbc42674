//! The life of an organization: its state, an ordered deletion, holds.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/about`: posts to `.../cancel`, `/reinstate`, `/delete`, `/keep`, `/holds` and `/holds/{id}/lift`.
#[derive(Debug, Clone, Template)]
#[template(path = "lifecycle.html")]
pub struct LifecyclePage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Active or cancelled.
    pub state: Badge,
    /// What its state means, in a sentence.
    pub meaning: String,
    /// When it was cancelled.
    pub cancelled: Option<Moment>,
    /// Until when it can be exported.
    pub export_until: Option<Moment>,
    /// How many days a cancellation leaves for exports.
    pub window_days: u16,
    /// The deletion that is ordered.
    pub deletion: Option<DeletionNotice>,
    /// A hold is in force.
    pub is_held: bool,
    /// Whether to offer cancelling, deleting and taking back.
    pub may_end: bool,
    /// Whether to offer going back in time.
    pub may_restore: bool,
    /// Whether it is cancelled.
    pub is_cancelled: bool,
    /// Inputs to order the deletion.
    pub deletion_fields: Vec<FieldInput>,
    /// Whether to show holds and offer placing and lifting.
    pub may_hold: bool,
    /// Its holds, those in force first.
    pub holds: Vec<HoldRow>,
    /// Inputs to place a hold.
    pub hold_fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// An ordered deletion.
#[derive(Debug, Clone)]
pub struct DeletionNotice {
    /// Why, in words.
    pub cause: String,
    /// Since when.
    pub ordered: Moment,
    /// When it is carried out.
    pub due: Moment,
}

/// A hold in the list.
#[derive(Debug, Clone)]
pub struct HoldRow {
    /// Its id.
    pub id: String,
    /// On whose order.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Whom it concerns.
    pub concerns: Option<String>,
    /// How it stands.
    pub state: Badge,
    /// Since when.
    pub placed: Moment,
    /// When it was lifted.
    pub lifted: Option<Moment>,
    /// Whether to offer lifting it.
    pub may_lift: bool,
}
