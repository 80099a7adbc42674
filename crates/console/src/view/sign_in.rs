//! Signing in with a name and a password, or by a provider.

use super::{Chrome, DoorLink, ErrorSummary, FieldInput};
use askama::Template;

/// `/sign-in`: posts `login`, `password`, `next` and `csrf` to `/sign-in`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// Name of this appliance, as its operator calls it.
    pub appliance_name: String,
    /// Fields `login` and `password`.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Providers by which one may come in instead.
    pub doors: Vec<DoorLink>,
    /// Whether a link for another password can be asked for.
    pub may_reset: bool,
    /// Path to go to afterwards; empty for the default.
    pub next: String,
}
