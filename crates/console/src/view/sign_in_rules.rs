//! What is asked of sign-ins and passwords.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/o/{org}/sign-in` and `/appliance/sign-in`: posts its fields to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in_rules.html")]
pub struct SignInRulesPage {
    /// The frame.
    pub chrome: Chrome,
    /// Of whom it is asked, in a sentence.
    pub lead: String,
    /// The fields.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
