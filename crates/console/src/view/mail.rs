//! The server that sends mail.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/appliance/mail`: posts to itself, to `/appliance/mail/test` and `/appliance/mail/clear`.
#[derive(Debug, Clone, Template)]
#[template(path = "mail.html")]
pub struct MailPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whether a server is set.
    pub is_set: bool,
    /// How mail goes.
    pub lines: Vec<String>,
    /// Inputs of the settings.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
