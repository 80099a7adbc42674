//! A look, in the maintenance window, at what still ran replaced code, and what was done about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bounded;

/// Most names of each list.
const NAMES_MAX: usize = 50;

/// Whether the machine was started anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reboot {
    /// Nothing asks for it.
    NotNeeded,
    /// Something asks for it, and the settings leave it to the administrator.
    Wanted,
    /// It was begun.
    Begun,
}

/// What a run found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// When.
    pub at: Timestamp,
    /// Services that were started anew, at most 50.
    pub restarted: Vec<String>,
    /// Those that did not come up, with the reason.
    pub failed: Vec<String>,
    /// What still runs old code and is left alone, because only a reboot changes it.
    pub left: Vec<String>,
    /// Whether the machine was started anew.
    pub reboot: Reboot,
    /// Why nothing was done; none where what could be done was.
    pub deferred: Option<String>,
}

impl Renewal {
    /// One that begins now, with nothing found yet.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            restarted: Vec::new(),
            failed: Vec::new(),
            left: Vec::new(),
            reboot: Reboot::NotNeeded,
            deferred: None,
        }
    }

    /// The same, put off.
    #[must_use]
    pub fn deferred(self, why: &str) -> Self {
        Self {
            deferred: Some(bounded(why)),
            ..self
        }
    }

    /// Whether it is worth a line of the history: one that found nothing to do is not.
    #[must_use]
    pub fn is_news(&self) -> bool {
        !(self.restarted.is_empty() && self.failed.is_empty() && self.left.is_empty())
            || self.reboot != Reboot::NotNeeded
            || self.deferred.is_some()
    }

    /// In bounds.
    pub(super) fn bounded(mut self) -> Self {
        for names in [&mut self.restarted, &mut self.failed, &mut self.left] {
            names.truncate(NAMES_MAX);
            for name in names {
                *name = bounded(name);
            }
        }
        self
    }
}
