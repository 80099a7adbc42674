//! The history of a record: each version with what it changed.

use super::{Badge, Chrome, DatasetHeader, Moment, TableCell};
use askama::Template;

/// `/o/{org}/d/{dataset}/r/{id}/history`.
#[derive(Debug, Clone, Template)]
#[template(path = "record_history.html")]
pub struct RecordHistoryPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// Record id.
    pub id: String,
    /// Newest first.
    pub versions: Vec<RecordVersion>,
    /// Where older versions are, when there are more.
    pub older_href: Option<String>,
    /// What the versions held can be shown to nobody any more.
    pub is_erased: bool,
}

/// One version of a record.
#[derive(Debug, Clone)]
pub struct RecordVersion {
    /// Its number.
    pub version: String,
    /// What was done: created, updated, put in the trash, restored.
    pub action: Badge,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// The entry of the audit log; `None` if the reader may not see it.
    pub entry_href: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

/// A value before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Label of the field.
    pub label: String,
    /// Before; empty at creation.
    pub before: TableCell,
    /// After.
    pub after: TableCell,
}
