//! Datasets: the list, a new one, and the settings with its fields.
//!
//! Start at [`DatasetHeader`], which every page inside a dataset shows.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// What every page inside a dataset shows under its title.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/dataset_tabs.html")]
pub struct DatasetHeader {
    /// Slug of the organization.
    pub organization: String,
    /// Slug of the dataset.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// The tab that is current.
    pub tab: DatasetTab,
    /// Whether to offer writing records.
    pub may_write: bool,
    /// Whether to offer settings.
    pub may_configure: bool,
    /// Whether to offer export.
    pub may_export: bool,
}

impl DatasetHeader {
    /// Path of the dataset's records, the start of all its other paths.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/o/{}/d/{}", self.organization, self.slug)
    }
}

/// Tabs of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DatasetTab {
    /// Records, one record, its form and history.
    #[default]
    Records,
    /// Export.
    Export,
    /// Trash.
    Trash,
    /// Settings.
    Settings,
}

/// `/o/{org}/datasets`.
#[derive(Debug, Clone, Template)]
#[template(path = "datasets.html")]
pub struct DatasetsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Its datasets.
    pub datasets: Vec<DatasetRow>,
    /// Whether to offer the archive, to take one or to restore one.
    pub may_archive: bool,
    /// Whether to offer a new dataset.
    pub may_configure: bool,
    /// Whether to offer an import.
    pub may_import: bool,
}

/// A dataset in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetRow {
    /// Slug.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Number of records, grouped: `7,043`.
    pub records: String,
    /// Number of fields.
    pub fields: String,
    /// Number of sensitive fields; 0 shows none.
    pub sensitive_fields: u32,
    /// Last change of any record; `None` if there was none.
    pub changed: Option<Moment>,
}

/// `/o/{org}/datasets/new`: posts the fields to `/o/{org}/datasets/new`.
#[derive(Debug, Clone, Template)]
#[template(path = "dataset_new.html")]
pub struct DatasetNewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// Inputs such as `name`, `slug`, `description`.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// `/o/{org}/d/{dataset}/settings`. A new field is posted to `.../fields`, changes to `.../fields/{key}`,
/// deletion to `.../fields/{key}/delete`, name and description to `.../settings`.
#[derive(Debug, Clone, Template)]
#[template(path = "dataset_settings.html")]
pub struct DatasetSettingsPage {
    /// The frame.
    pub chrome: Chrome,
    /// The dataset.
    pub dataset: DatasetHeader,
    /// Inputs for name and description.
    pub settings: Vec<FieldInput>,
    /// Its fields in order.
    pub fields: Vec<FieldRow>,
    /// Inputs for a new field: `label`, `key`, `type`, `required`, `unique`, `sensitive`, ...
    pub new_field: Vec<FieldInput>,
    /// Whether the form for a new field stands open.
    pub new_field_open: bool,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A field in the settings.
#[derive(Debug, Clone, Default)]
pub struct FieldRow {
    /// Immutable key.
    pub key: String,
    /// Display label.
    pub label: String,
    /// Its type in words.
    pub type_label: String,
    /// `Required`, `Unique`, `Sensitive`, ...
    pub marks: Vec<Badge>,
    /// Whether it is sensitive already.
    pub sensitive: bool,
    /// Whether the type can become sensitive.
    pub may_become_sensitive: bool,
    /// Inputs to change it; names must be unique on the page, so prefix them with the key. Empty for a computed field.
    pub inputs: Vec<FieldInput>,
    /// Whether its form stands open, because it was refused.
    pub open: bool,
}
