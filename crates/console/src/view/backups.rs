//! Backups: what can be gone back to, where copies lie, what ran.
//!
//! Invariant: what nobody looked at is said as such; no state is shown as good by default. The timeline's picture holds nothing
//! that the tables beside it do not say in words.

use super::{Badge, Chrome, Moment};
use askama::Template;

/// `/appliance/backups`: posts to `.../now` and `.../test-alert`.
#[derive(Debug, Clone, Template)]
#[template(path = "backups.html")]
pub struct BackupsPage {
    /// The frame.
    pub chrome: Chrome,
    /// Why the record could not be read.
    pub unreadable: Option<String>,
    /// A backup was taken here at some time.
    pub is_on: bool,
    /// How far back: label and value.
    pub reach: Vec<(&'static str, String)>,
    /// The stretches that nothing can be taken back to, in sentences.
    pub gaps: Vec<String>,
    /// The picture; none where there is nothing to draw.
    pub track: Option<Track>,
    /// What runs.
    pub running: Option<Running>,
    /// A run that was cut off, in a sentence.
    pub cut_off: Option<String>,
    /// Who is told when something is wrong: label and value.
    pub told: Vec<(&'static str, String)>,
    /// Where copies lie.
    pub places: Vec<PlaceRow>,
    /// The backups that are kept, newest first: name, kind, cluster, stored.
    pub kept: Vec<KeptRow>,
    /// Backups that were taken or failed, newest first.
    pub runs: Vec<RunRow>,
    /// Restores that were tried, newest first.
    pub drills: Vec<DrillRow>,
    /// The recovery kit: label and value.
    pub kit: Vec<(&'static str, String)>,
    /// How the kit stands.
    pub kit_state: Badge,
}

/// The timeline as a picture of 1000 units width.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track {
    /// What it shows, in one sentence.
    pub said: String,
    /// Stretches that can be gone back to, and those that cannot.
    pub spans: Vec<TrackSpan>,
    /// Backups and drills.
    pub marks: Vec<TrackMark>,
    /// Its left end.
    pub begins: Moment,
    /// Its right end.
    pub ends: Moment,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackSpan {
    /// `reach` or `gap`.
    pub class: &'static str,
    /// From where, 0 to 1000.
    pub x: u16,
    /// How long.
    pub width: u16,
    /// What it is.
    pub said: String,
}

/// A moment at which something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackMark {
    /// `full`, `differential`, `incremental`, `failed`, `drill`, `drill-failed`.
    pub class: &'static str,
    /// Where, 0 to 1000.
    pub x: u16,
    /// What it is.
    pub said: String,
}

impl TrackMark {
    /// Its path: a line from the band upwards, as high as the backup is whole; a dot for a drill.
    #[must_use]
    pub fn path(&self) -> String {
        let x = self.x;
        match self.class {
            "full" | "failed" => format!("M{x} 52V8"),
            "differential" => format!("M{x} 52V22"),
            "incremental" => format!("M{x} 52V34"),
            _ => format!("M{x} 82h0"),
        }
    }
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// What it is for.
    pub title: &'static str,
    /// When it began.
    pub since: Moment,
    /// How much of it is done, 0 to 100, where that is known.
    pub percent: Option<u8>,
    /// Its steps, the last of which goes on.
    pub steps: Vec<(Moment, String)>,
    /// Where the page loads itself again.
    pub refresh_href: &'static str,
}

/// A location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow {
    /// First or second.
    pub name: &'static str,
    /// Where it is.
    pub shown: String,
    /// How it stands.
    pub state: Badge,
    /// Facts: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// What is wrong, and what to do.
    pub faults: Vec<String>,
}

/// A backup that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    /// Its name in the repository.
    pub label: String,
    /// Full, differential, incremental.
    pub kind: String,
    /// From when on can be gone back with it.
    pub from: Moment,
    /// The cluster's size.
    pub size: String,
    /// What it added to the repository.
    pub stored: String,
}

/// A backup that was taken, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// When it ended.
    pub at: Moment,
    /// How.
    pub state: Badge,
    /// Full, differential, incremental.
    pub kind: &'static str,
    /// How long it took.
    pub took: String,
    /// What it added to the repository.
    pub stored: String,
    /// Its name, where there is one.
    pub label: Option<String>,
    /// Why it failed.
    pub why: Option<String>,
    /// Its log.
    pub steps: Vec<(Moment, String)>,
}

/// A restore that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRow {
    /// When it ended.
    pub at: Moment,
    /// How.
    pub state: Badge,
    /// Which backup, from where, to which moment.
    pub said: String,
    /// How long it took.
    pub took: String,
    /// Why it failed.
    pub why: Option<String>,
    /// What was looked at.
    pub checks: Vec<CheckRow>,
}

/// One thing that a drill looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// What.
    pub name: String,
    /// Right or wrong.
    pub state: Badge,
    /// What was seen.
    pub said: String,
    /// How long it took.
    pub took: String,
}
