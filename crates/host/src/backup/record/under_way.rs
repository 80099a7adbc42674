//! What runs just now, as far as it has come.
//!
//! Invariant: whoever writes it gives a sign of life every few seconds, so that a run that was killed is told from one that
//! goes on: the file of a killed one stays, and grows old.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BackupError, Folder, bounded};

const NAME: &str = "under-way.json";
/// Most steps that are kept; a drill has a dozen.
const STEPS_MAX: usize = 40;
/// Signs of life come every five seconds; a busy disk may delay some of them.
const SILENCE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// A backup is taken.
    Backup,
    /// What is new is copied to the second location.
    Copy,
    /// A location is verified.
    Verification,
    /// A backup is restored aside.
    Drill,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it began.
    pub at: Timestamp,
    /// What is done.
    pub said: String,
}

/// A run that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// What it is for.
    pub doing: Doing,
    /// When it began.
    pub began_at: Timestamp,
    /// Its last sign of life.
    pub seen_at: Timestamp,
    /// Its steps, the last of which goes on.
    pub steps: Vec<Step>,
    /// Bytes of the cluster that are done, and all of them; none where the engine does not say.
    pub bytes: Option<(u64, u64)>,
}

impl UnderWay {
    /// Whether it still gives signs of life; one that does not was cut off.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen_at) <= SILENCE_MAX
    }
}

/// Keeps the newest steps, and of each what fits.
pub(super) fn bound(steps: &mut Vec<Step>) {
    let excess = steps.len().saturating_sub(STEPS_MAX);
    steps.drain(..excess);
    for step in steps {
        step.said = bounded(&step.said);
    }
}

impl Folder {
    /// The run that has not ended, or was cut off.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn under_way(&self) -> Result<Option<UnderWay>, BackupError> {
        self.read(NAME)
    }

    /// Notes how far a run has come.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_under_way(&self, run: &UnderWay) -> Result<(), BackupError> {
        let mut run = run.clone();
        bound(&mut run.steps);
        self.write(NAME, &run)
    }

    /// Nothing runs any more.
    ///
    /// # Errors
    /// [`BackupError::Refused`].
    pub fn end_under_way(&self) -> Result<(), BackupError> {
        self.remove(NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_gives_no_sign_of_life_is_no_run() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let step = Step {
            at: at(0),
            said: "x".repeat(10_000),
        };
        let run = UnderWay {
            doing: Doing::Drill,
            began_at: at(0),
            seen_at: at(100),
            steps: vec![step; 100],
            bytes: None,
        };
        folder.note_under_way(&run).unwrap();
        let read = folder.under_way().unwrap().unwrap();
        assert_eq!(read.steps.len(), STEPS_MAX);
        assert!(read.steps[0].said.len() < 1_000);
        assert!(read.is_alive(at(110)) && !read.is_alive(at(161)));
        for _ in 0..2 {
            folder.end_under_way().unwrap();
        }
        assert_eq!(folder.under_way().unwrap(), None);
    }
}
