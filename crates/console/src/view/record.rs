//! Records of a dataset: the table, and one record.

use super::{Chrome, Column, DatasetHeader, Fact, FilterBar, Pagination, TableCell};
use askama::Template;

/// `/o/{org}/d/{dataset}`. Ticked rows (`record`, repeated) are posted to `.../trash`.
#[derive(Debug, Clone, Template)]
#[template(path = "records.html")]
pub struct RecordsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// Search and filter.
    pub filter: FilterBar,
    /// Column heads.
    pub columns: Vec<Column>,
    /// Rows of this page.
    pub rows: Vec<RecordRow>,
    /// Where it goes on.
    pub pagination: Pagination,
    /// Whether a search or filter is applied, which decides what an empty table says.
    pub narrowed: bool,
    /// Search, filter and order as the part of an address after `?`, for the export; may be empty.
    pub export_query: String,
}

/// A row of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordRow {
    /// Record id.
    pub id: String,
    /// What the record is called, for labels.
    pub title: String,
    /// As many cells as there are columns; the first leads to the record.
    pub cells: Vec<TableCell>,
}

/// `/o/{org}/d/{dataset}/r/{id}`.
#[derive(Debug, Clone, Template)]
#[template(path = "record.html")]
pub struct RecordPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// Record id.
    pub id: String,
    /// Its version, posted with every change.
    pub version: String,
    /// Its values in the order of fields.
    pub values: Vec<RecordValue>,
    /// Version, created and updated by and at, id.
    pub facts: Vec<Fact>,
    /// Whether to offer reveal.
    pub may_reveal: bool,
    /// Whether any value is masked.
    pub masked: bool,
    /// Whether it lies in the trash: it can be restored, and not be changed.
    pub trashed: bool,
}

/// One value of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordValue {
    /// Key of the field.
    pub key: String,
    /// Its label.
    pub label: String,
    /// The value; masked when sensitive and not revealed.
    pub cell: TableCell,
    /// Whether the field is sensitive.
    pub sensitive: bool,
}
