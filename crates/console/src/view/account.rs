//! The account's own page: password, appearance, sessions.

use super::{Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/account`: posts to `/account/password`, `/account/appearance` (`theme`), `/account/sessions/{id}/end` and
/// `/account/sessions/end-others`.
#[derive(Debug, Clone, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    /// The frame.
    pub chrome: Chrome,
    /// Name to sign in with.
    pub login: String,
    /// Their holder's name.
    pub name: String,
    /// Inputs to change the password.
    pub password_fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Own sessions, the present one first.
    pub sessions: Vec<SessionRow>,
}

/// An own session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionRow {
    /// Session id (not its token).
    pub id: String,
    /// Device in words, for example `Firefox on Debian`.
    pub device: String,
    /// Address it was last used from.
    pub address: String,
    /// Signed in at.
    pub started: Moment,
    /// Last used at.
    pub last_used: Moment,
    /// Whether this page is shown in it.
    pub current: bool,
}
