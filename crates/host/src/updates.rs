//! The record of the platform's updates on this machine: what was done when, and how it ended.
//!
//! Invariants: root alone writes it and the daemons may read it; each file is there whole or not at all; an update in
//! progress has a file of its own from before its first step until after its last, so that whoever finds that file
//! knows of one that was cut off; the history has a bound. Start at [`Folder`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod folder;
mod major;
mod renewal;
mod report;
mod verdict;

pub use folder::{FOLDER, Folder, RecordError};
pub use major::{MajorOutcome, MajorPhase, MajorUpgrade};
pub use renewal::{Reboot, Renewal};
pub use report::{Report, Waiting};
pub use verdict::{BUNDLE_SUFFIX, Found, SPOOL, TAKEN, Verdict};

/// Most characters of what a step said.
const SAID_CHARS_MAX: usize = 600;
/// Most versions that are denied at once; older ones are behind the installed one by then.
pub const DENIED_MAX: usize = 20;

/// A step of an update, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Both versions' files are fetched and looked at.
    Fetch,
    /// The database is written into an archive.
    BackUp,
    /// The new version migrates a copy of the database.
    Rehearse,
    /// The new version migrates the database; the old one goes on running on it.
    Migrate,
    /// The packages are replaced and the daemons started anew.
    Install,
    /// The platform is looked at.
    Health,
    /// The old version is put back.
    Return,
}

/// How an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new version runs and is well.
    Installed,
    /// It was given up before anything was installed.
    Refused,
    /// It was cut off before anything was installed.
    Interrupted,
    /// The new version was not well; the old one is back and is.
    Undone,
    /// Neither is well; somebody must look.
    Unwell,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub phase: Phase,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took, in milliseconds; none while it runs, and where it was cut off.
    pub took_ms: Option<u64>,
    /// What there is to know of it.
    pub said: Option<String>,
}

/// An update from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The version before.
    pub from: String,
    /// The version that was wanted.
    pub to: String,
    /// The number of the bundle that it came in; none where it came from the repository.
    #[serde(default)]
    pub bundle: Option<u64>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended; none while it runs, and where it was cut off.
    pub outcome: Option<Outcome>,
    /// Why it did not end well.
    pub why: Option<String>,
    /// What was done.
    pub steps: Vec<Step>,
}

/// Debian's packages that are being installed out of a bundle, or were when that was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebianPackages {
    /// Each as `package=version`.
    pub wanted: Vec<String>,
    /// When that began.
    pub began_at: Timestamp,
}

/// How the last look at the repository went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// When.
    pub at: Timestamp,
    /// When the newest index was signed that was ever taken; an older one is refused.
    #[serde(default)]
    pub signed_at: Option<Timestamp>,
    /// Why it was not well; none when it was.
    pub failure: Option<String>,
}

impl Update {
    /// One that begins now.
    #[must_use]
    pub fn new(from: &str, to: &str, now: Timestamp) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            bundle: None,
            began_at: now,
            ended_at: None,
            outcome: None,
            why: None,
            steps: Vec::new(),
        }
    }

    /// The same, out of a bundle.
    #[must_use]
    pub fn out_of(self, bundle: Option<u64>) -> Self {
        Self { bundle, ..self }
    }

    /// Notes that a step begins.
    pub fn begin(&mut self, phase: Phase, now: Timestamp) {
        self.steps.push(Step {
            phase,
            began_at: now,
            took_ms: None,
            said: None,
        });
    }

    /// Notes that the newest step has ended.
    pub fn end_step(&mut self, now: Timestamp, said: &str) {
        if let Some(step) = self.steps.last_mut() {
            let took = now.as_millisecond() - step.began_at.as_millisecond();
            step.took_ms = Some(u64::try_from(took).unwrap_or(0));
            step.said = Some(bounded(said)).filter(|said| !said.is_empty());
        }
    }

    /// Notes how it ended.
    pub fn end(&mut self, outcome: Outcome, why: Option<&str>, now: Timestamp) {
        self.outcome = Some(outcome);
        self.why = why.map(bounded);
        self.ended_at = Some(now);
    }

    /// The step that it came to.
    #[must_use]
    pub fn reached(&self) -> Option<Phase> {
        self.steps.last().map(|step| step.phase)
    }
}

fn bounded(text: &str) -> String {
    text.trim().chars().take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
