//! How SMS is set.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/appliance/sms`: posts the fields to itself, `number` to `/appliance/sms/test`, nothing to `/appliance/sms/clear`.
#[derive(Debug, Clone, Template)]
#[template(path = "sms.html")]
pub struct SmsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Whether there is SMS at all.
    pub is_set: bool,
    /// How it goes, in sentences.
    pub lines: Vec<String>,
    /// The settings.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
