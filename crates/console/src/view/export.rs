//! Exporting the records of a dataset.

use super::{Chrome, DatasetHeader, ErrorSummary, FieldInput};
use askama::Template;

/// `/o/{org}/d/{dataset}/export`: posts the inputs to itself, the answer is the file.
#[derive(Debug, Clone, Template)]
#[template(path = "export.html")]
pub struct ExportPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// How much will be exported, one sentence.
    pub summary: String,
    /// Inputs such as `format` and `sensitive`.
    pub fields: Vec<FieldInput>,
    /// Parameters to keep (the filter in use): name and value.
    pub kept: Vec<(String, String)>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}
