//! An organization taken back to a moment: the moment chosen, what would change, and taking the last one back.

use super::{Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/restore`: asks itself for a preview, and posts to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "organization_restore.html")]
pub struct OrganizationRestorePage {
    /// The frame.
    pub chrome: Chrome,
    /// Slug of the organization.
    pub organization: String,
    /// How far back it can go.
    pub from: Option<Moment>,
    /// Inputs to choose the moment.
    pub moment_fields: Vec<FieldInput>,
    /// Moments near at hand: what they are called, and the address of their preview.
    pub near: Vec<(&'static str, String)>,
    /// What would change.
    pub preview: Option<RestorePreview>,
    /// The last restore.
    pub last: Option<LastRestoreView>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// What a restore would change.
#[derive(Debug, Clone)]
pub struct RestorePreview {
    /// What the form carries: the moment, or that the last restore is taken back.
    pub target: (&'static str, String),
    /// Where to, in words.
    pub title: String,
    /// How much would change, in a sentence.
    pub said: String,
    /// Each dataset: its key, and how many records get values of then, come out of the trash, go into it, stay.
    pub datasets: Vec<(String, [String; 4])>,
    /// What does not come back, a sentence each.
    pub aside: Vec<String>,
    /// Records that stay as they are: address, id, why.
    pub unfit: Vec<(String, String, String)>,
    /// Inputs to confirm it; none where nothing would change.
    pub confirm_fields: Vec<FieldInput>,
}

/// The last restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRestoreView {
    /// When.
    pub at: Moment,
    /// What it came to.
    pub said: String,
    /// Its entry.
    pub entry_href: String,
    /// The preview of taking it back.
    pub undo_href: String,
}
