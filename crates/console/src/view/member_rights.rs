//! What is taken away from one member, their tokens, and their sessions.

use super::{Chrome, ErrorSummary, FieldInput, TokenRow};
use askama::Template;

/// `/o/{org}/members/{account}`: posts to itself, to `.../end-sessions` and to `.../tokens/{token}/revoke`.
#[derive(Debug, Clone, Template)]
#[template(path = "member_rights.html")]
pub struct MemberRightsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where it lies.
    pub action: String,
    /// The person's name.
    pub name: String,
    /// Name to sign in with, and the role, in words.
    pub about: String,
    /// What is left of the rights on every dataset that is not named.
    pub others: FieldInput,
    /// One for each dataset.
    pub groups: Vec<RightsGroup>,
    /// Their API tokens.
    pub tokens: Vec<TokenRow>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A dataset with its fields.
#[derive(Debug, Clone)]
pub struct RightsGroup {
    /// The dataset's name.
    pub label: String,
    /// What is left of the rights on it.
    pub dataset: FieldInput,
    /// What is left of the rights on its fields.
    pub fields: Vec<FieldInput>,
    /// Whether the fields stand open: one of them is narrowed.
    pub open: bool,
}
