//! The form that creates or changes a record, and what it shows when somebody else was faster.

use super::{Chrome, DatasetHeader, ErrorSummary, FieldInput, InputKind, Moment, TableCell};
use askama::Template;

/// `/o/{org}/d/{dataset}/new` and `.../r/{id}/edit`; posts to its own path.
#[derive(Debug, Clone, Template)]
#[template(path = "record_form.html")]
pub struct RecordFormPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// Path the form posts to.
    pub action: String,
    /// Where `Cancel` leads.
    pub cancel_href: String,
    /// Version the form was opened with; after a conflict the newer one. `None` for a new record.
    pub version: Option<String>,
    /// Inputs in the order of fields.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// What somebody else changed meanwhile.
    pub conflict: Option<RecordConflict>,
}

impl RecordFormPage {
    /// Whether it has an input for a file. A form without one is sent plainly, which is read in one go.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        let is_file = |field: &FieldInput| matches!(field.kind, InputKind::Attachment { .. });
        self.fields.iter().any(is_file)
    }
}

/// The record was changed between opening the form and saving it.
#[derive(Debug, Clone, Default)]
pub struct RecordConflict {
    /// Who changed it.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// The fields in which the two differ.
    pub rows: Vec<ConflictRow>,
}

/// A field in which the two differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConflictRow {
    /// Label of the field.
    pub label: String,
    /// The value that is saved now.
    pub theirs: TableCell,
    /// The value that was typed.
    pub mine: TableCell,
}
