//! The promise register.
//!
//! Invariant: a promise whose check could not look is shown as unknown, never as kept.

use super::{Chrome, Fact, Moment};
use askama::Template;

/// `/promises`, filtered by `state`.
#[derive(Debug, Clone, Template)]
#[template(path = "promises.html")]
pub struct PromisesPage {
    /// The frame.
    pub chrome: Chrome,
    /// All promises by state, whatever the filter.
    pub counts: PromiseCounts,
    /// Every promise's id and state for the wall of boxes, whatever the filter.
    pub wall: Vec<(String, PromiseState)>,
    /// The state filtered by.
    pub filter: Option<PromiseState>,
    /// Promises that pass the filter, by section.
    pub sections: Vec<PromiseSection>,
    /// When the register was last evaluated.
    pub checked: Moment,
}

/// Number of promises in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromiseCounts {
    /// Kept, with evidence.
    pub kept: u32,
    /// Broken.
    pub broken: u32,
    /// The check could not look, or is not built.
    pub unknown: u32,
    /// Waived by a person, with a reason.
    pub waived: u32,
}

impl PromiseCounts {
    /// Number in a state.
    #[must_use]
    pub fn of(&self, state: PromiseState) -> u32 {
        match state {
            PromiseState::Kept => self.kept,
            PromiseState::Broken => self.broken,
            PromiseState::Unknown => self.unknown,
            PromiseState::Waived => self.waived,
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.kept + self.broken + self.unknown + self.waived
    }
}

/// State of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseState {
    /// Kept, with evidence.
    Kept,
    /// Broken.
    Broken,
    /// The check could not look, or is not built.
    Unknown,
    /// Waived by a person, with a reason.
    Waived,
}

impl PromiseState {
    /// In the order of the page.
    pub const ALL: [Self; 4] = [Self::Kept, Self::Broken, Self::Unknown, Self::Waived];

    /// Name in words, in the query and in CSS classes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
        }
    }

    /// Name of the icon in the sprite.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Kept => "check",
            Self::Broken => "cross",
            Self::Unknown => "question",
            Self::Waived => "pause",
        }
    }
}

/// Promises that belong together.
#[derive(Debug, Clone)]
pub struct PromiseSection {
    /// Stable id, used as anchor.
    pub id: String,
    /// Title.
    pub title: String,
    /// Its promises.
    pub promises: Vec<PromiseView>,
}

impl PromiseSection {
    /// Number of promises kept in this section.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.promises
            .iter()
            .filter(|promise| promise.state == PromiseState::Kept)
            .count()
    }
}

/// A promise with its evidence.
#[derive(Debug, Clone)]
pub struct PromiseView {
    /// Stable id.
    pub id: String,
    /// Its state.
    pub state: PromiseState,
    /// Enforced, measured or attested.
    pub kind: String,
    /// What a customer is told.
    pub promise: String,
    /// What the check looks at.
    pub evidence: String,
    /// What it saw.
    pub facts: Vec<Fact>,
    /// Why it is in this state, one sentence.
    pub reason: Option<String>,
    /// Which pages make the promise.
    pub made_by: Vec<String>,
    /// When it was last checked; `None` for never.
    pub checked: Option<Moment>,
    /// Whether its details stand open.
    pub open: bool,
}
