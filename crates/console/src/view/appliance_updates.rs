//! Updates of the machine and of the platform, and the bundles that operators hand over.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// `/appliance/updates`: posts a bundle to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "appliance_updates.html")]
pub struct UpdatesPage {
    /// The frame.
    pub chrome: Chrome,
    /// When root last looked; none where it never did.
    pub seen: Option<Moment>,
    /// What it saw: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// What is wrong: what, where, what to do.
    pub faults: Vec<(String, String, String)>,
    /// Why something could not be seen.
    pub unknown: Option<String>,
    /// Updates that wait: package, installed, waiting, kind.
    pub pending: Vec<[String; 4]>,
    /// Known vulnerabilities: of what, in one line.
    pub vulnerabilities: Vec<(&'static str, String)>,
    /// Open ones, the worst first: name, installed, id, severity, mended in.
    pub open: Vec<[String; 5]>,
    /// Bundles that were handed over, newest first.
    pub bundles: Vec<BundleRow>,
    /// What was done, newest first.
    pub history: Vec<UpdateRow>,
    /// Inputs to hand over a bundle.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A bundle that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow {
    /// The name of its file in the spool.
    pub name: String,
    /// Its length.
    pub size: String,
    /// Imported, refused, waiting.
    pub state: Badge,
    /// What was found, and why it was refused.
    pub what: String,
    /// When; none while it waits.
    pub at: Option<Moment>,
}

/// An update that has ended, or what was started anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRow {
    /// When it began.
    pub at: Moment,
    /// `0.1.0 to 0.1.1`, or what was started anew.
    pub what: String,
    /// How it ended.
    pub outcome: String,
    /// Why, where it did not end well.
    pub why: String,
}
