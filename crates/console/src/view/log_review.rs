//! Reviews of the security logs.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/o/{org}/log-review`: posts to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "log_review.html")]
pub struct LogReviewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Path of the page.
    pub path: String,
    /// From when on.
    pub begins: Moment,
    /// Until when.
    pub ends: Moment,
    /// The same for the form.
    pub ends_at: String,
    /// SHA-256 of what is shown, in hexadecimal.
    pub sha256: String,
    /// More came in or was refused than is shown.
    pub access_is_cut: bool,
    /// From when on acts were counted, where not all were.
    pub acts_since: Option<Moment>,
    /// Who came in, and what was refused.
    pub access: Vec<AccessReviewRow>,
    /// Acts, by what they concern.
    pub acts: Vec<ActReviewRow>,
    /// Signed reviews, newest first.
    pub signed: Vec<SignedReviewRow>,
    /// Inputs to sign.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// So many things by one account from one address.
#[derive(Debug, Clone)]
pub struct AccessReviewRow {
    /// By whom.
    pub who: String,
    /// From where.
    pub address: String,
    /// What.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// How often.
    pub count: String,
    /// The last time.
    pub last: Moment,
}

/// Entries of one act.
#[derive(Debug, Clone)]
pub struct ActReviewRow {
    /// What it concerns.
    pub concern: String,
    /// The act.
    pub action: Badge,
    /// How often.
    pub count: String,
    /// By whom.
    pub who: String,
    /// The last time.
    pub last: Moment,
    /// The entry of the last one.
    pub entry_href: String,
}

/// A signed review.
#[derive(Debug, Clone)]
pub struct SignedReviewRow {
    /// By whom.
    pub who: String,
    /// When.
    pub at: Moment,
    /// Until when it reaches.
    pub until: Moment,
    /// What they said.
    pub note: String,
}
