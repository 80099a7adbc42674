//! The trash of a dataset.

use super::{Chrome, DatasetHeader, Moment, Pagination};
use askama::Template;

/// `/o/{org}/d/{dataset}/trash`; restoring posts to `.../r/{id}/restore`, deleting for good to `.../r/{id}/purge`.
#[derive(Debug, Clone, Template)]
#[template(path = "trash.html")]
pub struct TrashPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// What lies in the trash, newest first.
    pub rows: Vec<TrashRow>,
    /// Where it goes on.
    pub pagination: Pagination,
    /// Whether to offer deleting for good.
    pub may_purge: bool,
}

/// A record in the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrashRow {
    /// Record id.
    pub id: String,
    /// What the record is called.
    pub title: String,
    /// Its version, posted with `restore`.
    pub version: String,
    /// Who put it there.
    pub actor: String,
    /// When.
    pub at: Moment,
}
