//! The account's own API tokens in an organization.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/tokens`: posts a new token to itself, and to `.../tokens/{id}/revoke`.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens.html")]
pub struct TokensPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// The token just made: the only time its secret is shown.
    pub fresh: Option<FreshToken>,
    /// The tokens.
    pub tokens: Vec<TokenRow>,
    /// Inputs for a new token.
    pub fields: Vec<FieldInput>,
    /// Whether the form for a new token stands open.
    pub create_open: bool,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A token with its secret. Has no `Debug` that shows it.
#[derive(Clone)]
pub struct FreshToken {
    /// Its name.
    pub name: String,
    /// The whole token, `srt_...`.
    pub secret: String,
}

impl std::fmt::Debug for FreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FreshToken")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A token in the list.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// Token id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its first characters, to recognise it by.
    pub prefix: String,
    /// What it may do, in words.
    pub permissions: String,
    /// Active, expired, revoked.
    pub state: Badge,
    /// When it was made.
    pub created: Moment,
    /// When it ends; `None` for never.
    pub expires: Option<Moment>,
    /// When it was last used; `None` for never.
    pub last_used: Option<Moment>,
    /// Whether to offer revoking it.
    pub may_revoke: bool,
}
