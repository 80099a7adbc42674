//! The note of the day.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/audit/note` and `/appliance/audit-note`: posts to itself, and to `/appliance/audit-note/addresses`.
#[derive(Debug, Clone, Template)]
#[template(path = "audit_note.html")]
pub struct AuditNotePage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the page.
    pub path: String,
    /// What is to be kept; none before the first checkpoint.
    pub note: Option<PrintedNote>,
    /// What came of the comparison of what was kept.
    pub kept: Vec<ComparedRow>,
    /// Inputs to compare.
    pub fields: Vec<FieldInput>,
    /// Whom it goes to, for operators.
    pub addresses: Option<NoteAddresses>,
    /// Inputs of the addresses, for operators.
    pub address_fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A note as it is printed.
#[derive(Debug, Clone)]
pub struct PrintedNote {
    /// Entries that it covers.
    pub size: String,
    /// When it was published.
    pub at: Option<Moment>,
    /// The signed note.
    pub note: String,
    /// The same as an SVG element of a QR code.
    pub picture: String,
    /// An older one that witnesses have signed.
    pub older: Option<String>,
    /// Who has signed that one.
    pub older_text: Option<String>,
}

/// One thing that was kept.
#[derive(Debug, Clone)]
pub struct ComparedRow {
    /// What it is.
    pub what: String,
    /// Entries that it covers.
    pub size: String,
    /// What the log says of it.
    pub word: Badge,
}

/// Whom the note goes to by mail.
#[derive(Debug, Clone)]
pub struct NoteAddresses {
    /// Whether a mail server is set.
    pub has_mail: bool,
    /// When a mail server took the last one.
    pub sent: Option<Moment>,
    /// Why the last one was given up.
    pub trouble: Option<String>,
}
