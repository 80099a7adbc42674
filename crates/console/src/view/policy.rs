//! The policies of an organization.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/o/{org}/policies`: posts to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "policies.html")]
pub struct PoliciesPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// One input for each policy.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
