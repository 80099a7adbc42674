//! What an import is to do, as its maker decides it. It is kept sealed, because choices are values of the file.

use serde::{Deserialize, Serialize};
use tabular::{ColumnPlan, Dialect, Encoding};

/// Where the records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Into a dataset that is there.
    Existing {
        /// Its key.
        key: String,
    },
    /// Into one that the import makes.
    New {
        /// Its key; made from the label when empty.
        #[serde(default)]
        key: String,
        /// Its label.
        label: String,
    },
}

/// What the file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Rows of cells.
    #[default]
    Csv,
    /// A JSON export, an array of objects, or JSON Lines.
    Json,
}

/// How texts stand in a CSV file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cells {
    /// As they are.
    #[default]
    Plain,
    /// As Strongroom exports them: an apostrophe before what a spreadsheet would run, blanks kept.
    Exported,
}

/// What happens when a row cannot be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// Nothing is imported.
    #[default]
    AllOrNothing,
    /// The other rows are imported.
    SkipRows,
}

/// What an import is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// Where the records go.
    pub dataset: Destination,
    /// What the file is.
    #[serde(default)]
    pub format: FileFormat,
    /// The encoding of a CSV file.
    #[serde(default)]
    pub encoding: Encoding,
    /// The dialect of a CSV file.
    #[serde(default)]
    pub dialect: Dialect,
    /// How texts stand in a CSV file.
    #[serde(default)]
    pub cells: Cells,
    /// What becomes of each column.
    pub columns: Vec<ColumnPlan>,
    /// What happens when a row cannot be taken.
    #[serde(default)]
    pub on_refusal: OnRefusal,
}
