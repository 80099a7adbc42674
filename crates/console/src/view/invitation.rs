//! Setting a first password with a link.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/invitation/{token}`: posts `password`, `again` and `csrf` to itself. The form names no address, so that the token
/// is nowhere on the page.
#[derive(Debug, Clone, Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    /// The frame, without account.
    pub chrome: Chrome,
    /// Who is invited, and by whom.
    pub lead: String,
    /// E-mail address, `password` and `again`; none when the link does not work.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
