//! Imports and files as JSON.

use jiff::Timestamp;
use platform::{
    file::FileView,
    import::{ImportOutcome, ImportPlan, ImportView},
    job::Progress,
};
use serde::Serialize;
use types::{AttachmentId, JobId};

/// An import.
#[derive(Serialize)]
pub(crate) struct ImportJson<'a> {
    id: JobId,
    file_name: &'a str,
    state: &'static str,
    plan: &'a ImportPlan,
    headers: &'a [String],
    preview: &'a [Vec<String>],
    guesses: &'a [tabular::ColumnGuess],
    evidence: &'a [String],
    progress: &'a Progress,
    outcome: Option<OutcomeJson<'a>>,
    created_at: Timestamp,
}

/// What came of a run.
#[derive(Serialize)]
struct OutcomeJson<'a> {
    dry_run: bool,
    rows_read: u64,
    rows_imported: u64,
    refused: &'a [tabular::Refusal],
    refused_count: u64,
    dataset: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> From<&'a ImportOutcome> for OutcomeJson<'a> {
    fn from(outcome: &'a ImportOutcome) -> Self {
        Self {
            dry_run: outcome.dry_run,
            rows_read: outcome.rows_read,
            rows_imported: outcome.rows_imported,
            refused: &outcome.refused,
            refused_count: outcome.refused_count,
            dataset: outcome.dataset.as_deref(),
            error: outcome.error.as_deref(),
        }
    }
}

impl<'a> From<&'a ImportView> for ImportJson<'a> {
    fn from(view: &'a ImportView) -> Self {
        Self {
            id: view.id,
            file_name: &view.file_name,
            state: view.state.as_str(),
            plan: &view.plan,
            headers: &view.headers,
            preview: &view.preview,
            guesses: &view.guesses,
            evidence: &view.evidence,
            progress: &view.progress,
            outcome: view.outcome.as_ref().map(OutcomeJson::from),
            created_at: view.created_at,
        }
    }
}

/// The caller's imports.
#[derive(Serialize)]
pub(crate) struct ImportsJson<'a> {
    pub(crate) imports: Vec<ImportJson<'a>>,
}

/// A stored file.
#[derive(Serialize)]
pub(crate) struct FileJson<'a> {
    id: AttachmentId,
    name: &'a str,
    media_type: &'a str,
    size: i64,
    sha256: &'a str,
}

impl<'a> From<&'a FileView> for FileJson<'a> {
    fn from(view: &'a FileView) -> Self {
        Self {
            id: view.id,
            name: &view.name,
            media_type: &view.media_type,
            size: view.size,
            sha256: &view.sha256,
        }
    }
}
