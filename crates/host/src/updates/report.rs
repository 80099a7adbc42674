//! What root saw of the machine's updates, for the daemons' pages: their sandbox hides packages and programs.
//!
//! Invariant: it says when it was seen; whoever shows it says so too.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most members of each list.
const LIST_MAX: usize = 200;

/// The state of the machine's updates at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it was seen.
    pub seen_at: Timestamp,
    /// The maintenance window, in the machine's own time.
    pub window: String,
    /// The platform's packages with their versions.
    pub installed: Vec<(String, String)>,
    /// When Debian's lists were last fetched; none where never, or nobody can say.
    pub lists_at: Option<Timestamp>,
    /// When unattended-upgrades last ran.
    pub upgrade_at: Option<Timestamp>,
    /// Updates that wait, at most 200; none where nobody can say.
    pub pending: Option<Vec<Waiting>>,
    /// Packages that somebody holds at their version.
    pub held: Vec<String>,
    /// Packages whose installation did not end.
    pub unfinished: Vec<String>,
    /// Services that run replaced code; none where nobody can say.
    pub stale: Option<Vec<String>>,
    /// Something asks for a reboot.
    pub wants_reboot: bool,
    /// What is wrong: what, where, what to do.
    pub faults: Vec<(String, String, String)>,
    /// Why something could not be seen; none where everything was.
    pub unknown: Option<String>,
}

/// An update that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The package.
    pub package: String,
    /// The version that is installed; empty for a package that comes anew.
    pub from: String,
    /// The version that waits.
    pub to: String,
    /// Debian's security team published it.
    pub is_security: bool,
}

impl Report {
    /// In bounds.
    pub(super) fn bounded(mut self) -> Self {
        self.installed.truncate(LIST_MAX);
        self.held.truncate(LIST_MAX);
        self.unfinished.truncate(LIST_MAX);
        self.faults.truncate(LIST_MAX);
        for list in [self.stale.as_mut()].into_iter().flatten() {
            list.truncate(LIST_MAX);
        }
        for list in [self.pending.as_mut()].into_iter().flatten() {
            list.truncate(LIST_MAX);
        }
        self
    }
}
