//! Operator grants, on both sides.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/appliance/grants`: posts to itself, and to `/appliance/grants/{id}/end`.
#[derive(Debug, Clone, Template)]
#[template(path = "own_grants.html")]
pub struct OwnGrantsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The operator's grants, newest first.
    pub grants: Vec<GrantRow>,
    /// Inputs to ask for another.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// `/o/{org}/operator-access`: posts to `.../{id}/approve`, `/refuse` and `/end`.
#[derive(Debug, Clone, Template)]
#[template(path = "operator_access.html")]
pub struct OperatorAccessPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Its grants, newest first.
    pub grants: Vec<GrantRow>,
}

/// A grant in a list.
#[derive(Debug, Clone)]
pub struct GrantRow {
    /// Its id.
    pub id: String,
    /// The other side: the organization, or the operator.
    pub who: String,
    /// Where it leads to while it holds.
    pub href: Option<String>,
    /// How far it goes, in words.
    pub extent: String,
    /// What for.
    pub purpose: String,
    /// How it stands.
    pub state: Badge,
    /// When it was asked for.
    pub asked: Moment,
    /// When it ends or ended.
    pub ends: Option<Moment>,
    /// Whether to offer approving and refusing.
    pub may_decide: bool,
    /// Whether to offer ending it.
    pub may_end: bool,
}
