//! What became of a bundle that was handed to root.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bounded;

/// Where bundles are handed over: the daemons write there, and so may an administrator with `cp`.
pub const SPOOL: &str = "/var/spool/strongroom/incoming";
/// Where root takes them to before it looks at them, so that nobody changes a name meanwhile.
pub const TAKEN: &str = "/var/spool/strongroom/taken";
/// How a bundle is called there that is whole.
pub const BUNDLE_SUFFIX: &str = ".bundle";
/// The newest verdicts that are kept.
pub(super) const VERDICTS_MAX: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Found {
    /// It was verified and unpacked; nothing of it is installed by that.
    Imported {
        /// Its number.
        sequence: u64,
        /// The version of the platform in it.
        version: String,
    },
    /// It was refused, and everything is as it was.
    Refused {
        /// Why.
        why: String,
    },
}

/// A bundle that was handed over, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The name of its file in the spool.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was looked at.
    pub at: Timestamp,
    /// What was found.
    #[serde(flatten)]
    pub found: Found,
}

impl Verdict {
    /// In bounds.
    pub(super) fn bounded(mut self) -> Self {
        self.name = bounded(&self.name);
        if let Found::Refused { why } = &mut self.found {
            *why = bounded(why);
        }
        self
    }
}
