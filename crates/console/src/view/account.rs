//! The account's own page: password, appearance, sessions.

use super::{Chrome, DoorLink, ErrorSummary, FieldInput, IdentityRow, Moment};
use askama::Template;

/// `/account`: posts to `/account/password`, `/account/appearance` (`theme`), `/account/sessions/{id}/end`,
/// `/account/sessions/end-others` and `/account/identities/{key}/tie` and `/untie`.
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
    /// Providers by which the account is known.
    pub identities: Vec<IdentityRow>,
    /// Providers that it could be tied to; each `href` takes the form.
    pub doors: Vec<DoorLink>,
    /// Inputs of the forms that tie and untie.
    pub identity_fields: Vec<FieldInput>,
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
