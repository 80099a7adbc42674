//! The account's own pages: password, appearance, sessions, access log.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment, Pagination};
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

/// `/account/access-log`.
#[derive(Debug, Clone, Template)]
#[template(path = "access_log.html")]
pub struct AccessLogPage {
    /// The frame.
    pub chrome: Chrome,
    /// Sign-ins and requests, newest first.
    pub rows: Vec<AccessRow>,
    /// Where it goes on.
    pub pagination: Pagination,
}

/// A line of the access log.
#[derive(Debug, Clone)]
pub struct AccessRow {
    /// When.
    pub at: Moment,
    /// What was done: signed in, refused, signed out.
    pub act: Badge,
    /// The route, for what is no sign-in or sign-out.
    pub detail: String,
    /// How: password, token.
    pub method: String,
    /// Device in words.
    pub device: String,
    /// From which address.
    pub address: String,
    /// In which organization; empty for none.
    pub organization: String,
}
