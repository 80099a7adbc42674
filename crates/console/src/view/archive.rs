//! The archive of a whole organization: taking one, and restoring one.

use super::{Chrome, ErrorSummary, FieldInput};
use askama::Template;

/// `/o/{org}/archive`: posts to itself for the file, and a file to `.../archive/restore`.
#[derive(Debug, Clone, Template)]
#[template(path = "archive.html")]
pub struct ArchivePage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Whether to offer taking an archive.
    pub may_export: bool,
    /// Whether there are sensitive fields at all.
    pub has_sensitive: bool,
    /// Whether sensitive values will stand in it in the clear.
    pub in_the_clear: bool,
    /// Inputs to have it encrypted.
    pub envelope_fields: Vec<FieldInput>,
    /// Inputs to restore one; none when the organization is not empty, or the role may not.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
