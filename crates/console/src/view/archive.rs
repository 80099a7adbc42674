//! The archive of a whole organization: taking one, and restoring one.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/archive`: posts to itself for the file or to have one kept, and a file to `.../archive/restore`.
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
    /// Archives that are made or kept for this caller.
    pub kept: Vec<KeptArchiveRow>,
    /// Whether one of them is still made.
    pub is_making: bool,
    /// Inputs to restore one; none when the organization is not empty, or the role may not.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// An archive that is made in the background, or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptArchiveRow {
    /// When it was asked for.
    pub asked: Moment,
    /// How it stands.
    pub state: Badge,
    /// Its size, or how much of it is there, or why it was not made.
    pub said: String,
    /// Where it is fetched, and until when.
    pub fetch: Option<(String, Moment)>,
}
