//! An import under way, and what came of it.

use super::{Chrome, Moment};
use askama::Template;

/// `/o/{org}/imports/{job}` while it runs; the page loads itself again.
#[derive(Debug, Clone, Template)]
#[template(path = "import_progress.html")]
pub struct ImportProgressPage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the job; cancelling posts `act` = `cancel` to it.
    pub action: String,
    /// What is done now, for example `Checking rows`.
    pub stage: String,
    /// Bytes or rows done so far, in the unit of `total`.
    pub done: u64,
    /// How much there is in all; `None` while unknown.
    pub total: Option<u64>,
    /// Rows read, grouped.
    pub rows_read: String,
    /// Since when.
    pub started: Moment,
    /// Seconds until the page loads itself again.
    pub refresh_seconds: u32,
    /// Where it loads itself from: an address that does not count as activity.
    pub refresh_href: String,
}

impl ImportProgressPage {
    /// Whole per cent done, at most 100; `None` while the total is unknown.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.done.saturating_mul(100) / total).min(100))
    }
}

/// `/o/{org}/imports/{job}` when it has ended.
#[derive(Debug, Clone, Template)]
#[template(path = "import_result.html")]
pub struct ImportResultPage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the job; after a good dry run, `act` = `import` is posted to it.
    pub action: String,
    /// What came of it.
    pub outcome: ImportOutcome,
    /// One sentence: how many, where to, how long.
    pub summary: String,
    /// Rows read, grouped.
    pub rows_read: String,
    /// Rows accepted, grouped.
    pub rows_accepted: String,
    /// Rows refused, grouped.
    pub rows_refused: String,
    /// The first refused rows.
    pub refused: Vec<RefusedRow>,
    /// The whole report of refused rows as a file; `None` if no row was refused.
    pub report_href: Option<String>,
    /// The dataset, when there is something in it.
    pub dataset_href: Option<String>,
    /// Where another file is uploaded.
    pub imports_href: String,
    /// Where the plan is changed; `None` once the import ran.
    pub plan_href: Option<String>,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The rows are in the dataset.
    Imported,
    /// A dry run found nothing to refuse.
    DryRunPassed,
    /// A dry run found rows to refuse.
    DryRunFailed,
    /// Rows were refused, so nothing was imported.
    Refused,
    /// The file could not be read to its end, or the job failed.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl ImportOutcome {
    /// The heading of the outcome.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Imported => "Imported",
            Self::DryRunPassed => "Dry run passed: every row can be imported",
            Self::DryRunFailed => "Dry run: some rows would be refused",
            Self::Refused => "Nothing was imported: some rows were refused",
            Self::Failed => "Nothing was imported: the import failed",
            Self::Cancelled => "Cancelled: nothing was imported",
        }
    }

    /// Suffix of the CSS class, as for notices.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Imported | Self::DryRunPassed => "good",
            Self::DryRunFailed => "warn",
            Self::Refused | Self::Failed => "bad",
            Self::Cancelled => "info",
        }
    }

    /// Name of the icon in the sprite.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Imported | Self::DryRunPassed => "check",
            Self::DryRunFailed | Self::Refused | Self::Failed => "alert",
            Self::Cancelled => "info",
        }
    }
}

/// A refused row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusedRow {
    /// Line in the file.
    pub row: String,
    /// Column; empty when the whole row is at fault.
    pub column: String,
    /// Stable code, for example `not-a-decimal`.
    pub code: String,
    /// What is wrong and what was expected.
    pub message: String,
}
