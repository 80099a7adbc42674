//! A forgotten password.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/password-reset` and `/password-reset/{token}`: each posts to itself. The form names no address, so that a token is nowhere
/// on the page.
#[derive(Debug, Clone, Template)]
#[template(path = "password_reset.html")]
pub struct PasswordResetPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// What it is for.
    pub lead: String,
    /// What the button says.
    pub button: &'static str,
    /// The inputs; none when a link does not work.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
