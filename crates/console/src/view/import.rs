//! Imports: the list with the upload form, and the preview of an uploaded file.

use super::{Badge, Choice, Chrome, ErrorSummary, Fact, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/imports`: posts a multipart form with the fields and `csrf` to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "imports.html")]
pub struct ImportsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Inputs `dataset` (empty for a new one), `name`, `file`; the file comes last, because it is streamed.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Earlier imports, newest first.
    pub imports: Vec<ImportRow>,
    /// Whether to offer the upload form.
    pub may_import: bool,
}

/// An import in the list.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Job id, as in `/o/{org}/imports/{job}`.
    pub job: String,
    /// Name of the uploaded file.
    pub file: String,
    /// Name of the dataset.
    pub dataset: String,
    /// State of the job.
    pub state: Badge,
    /// Number of rows, grouped; empty while unknown.
    pub rows: String,
    /// When.
    pub at: Moment,
}

/// `/o/{org}/imports/{job}` while it waits for a decision. The form posts to the same path with `act` = `reread`,
/// `dry-run`, `import` or `cancel`; column number N posts `column.N.include`, `column.N.field`, `column.N.label`,
/// `column.N.type`, `column.N.sensitive`.
#[derive(Debug, Clone, Template)]
#[template(path = "import_preview.html")]
pub struct ImportPreviewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the job.
    pub action: String,
    /// Name of the file.
    pub file: String,
    /// Size, rows and the like.
    pub facts: Vec<Fact>,
    /// Name of the dataset the rows go to.
    pub dataset: String,
    /// Whether that dataset is made by this import.
    pub new_dataset: bool,
    /// Inputs that decide how the file is read, `encoding`, `delimiter`, `header`, and what refused rows do, `refused`.
    pub reading: Vec<FieldInput>,
    /// Columns of the file.
    pub columns: Vec<ImportColumn>,
    /// Types on offer.
    pub types: Vec<Choice>,
    /// Fields of an existing dataset on offer: key and label.
    pub fields: Vec<Choice>,
    /// First rows as they stand in the file; each as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A column of an uploaded file and what becomes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportColumn {
    /// Number from 0.
    pub index: usize,
    /// Name in the file.
    pub name: String,
    /// Some values, for example `29.85, 56.95, 53.85`.
    pub samples: String,
    /// Guessed type in words.
    pub guess: String,
    /// Why, in one sentence.
    pub evidence: String,
    /// Whether it is imported.
    pub include: bool,
    /// Key of the chosen field; empty for a new one.
    pub field: String,
    /// Label of a new field.
    pub label: String,
    /// Chosen type.
    pub type_name: String,
    /// Whether it becomes a sensitive field.
    pub sensitive: bool,
    /// Why the choice was refused.
    pub error: Option<String>,
}
