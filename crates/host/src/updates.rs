//! The record of the platform's updates on this machine: what was done when, and how it ended.
//!
//! Invariants: root alone writes it and the daemons may read it; each file is there whole or not at all; an update in
//! progress has a file of its own from before its first step until after its last, so that whoever finds that file
//! knows of one that was cut off; the history has a bound. Start at [`Folder`].

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::account::Account;
use crate::write::{self, Access, WriteError};

/// Where the record lies; every part of the path belongs to root.
pub const FOLDER: &str = "/var/lib/strongroom/updates";
/// The newest updates that are kept.
const UPDATES_MAX: usize = 50;
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

/// Why the record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file of it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another run holds it.
    #[error("another update is running; `systemctl status strongroom-update` shows it")]
    Busy,
    /// It is not what we wrote.
    #[error("{} is no record of updates; move it away", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The operating system refused.
    #[error("cannot {what} {}; look at its rights and the space on its disk", .path.display())]
    Refused {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What was answered.
        #[source]
        source: io::Error,
    },
}

impl Update {
    /// One that begins now.
    #[must_use]
    pub fn new(from: &str, to: &str, now: Timestamp) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            began_at: now,
            ended_at: None,
            outcome: None,
            why: None,
            steps: Vec::new(),
        }
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

/// The folder of the record.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The machine's.
    #[must_use]
    pub fn of_machine() -> Self {
        Self::at(Path::new(FOLDER))
    }

    /// One elsewhere.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// A file or folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes it, and a private folder in it for each of both versions; only for root.
    ///
    /// # Errors
    /// [`RecordError::Write`].
    pub fn prepare(&self) -> Result<(), RecordError> {
        write::folder(&self.path, self.shared(0o750))?;
        for name in ["candidate", "previous"] {
            write::folder(&self.join(name), private(0o700))?;
        }
        Ok(())
    }

    /// Keeps every other run out until what is given is dropped.
    ///
    /// # Errors
    /// [`RecordError::Busy`].
    pub fn lock(&self) -> Result<Flock<File>, RecordError> {
        let path = self.join("lock");
        write::file(&path, b"", private(0o600))?;
        let file = File::open(&path).map_err(self.refused("open", &path))?;
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| RecordError::Busy)
    }

    /// The update in progress, or one that was cut off.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn current(&self) -> Result<Option<Update>, RecordError> {
        self.read("current.json")
    }

    /// Notes how far the update in progress is.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note(&self, update: &Update) -> Result<(), RecordError> {
        self.write("current.json", update)
    }

    /// Puts an ended update into the history; then it is in progress no more.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn finish(&self, update: &Update) -> Result<(), RecordError> {
        let mut history = self.history()?;
        // A run that was cut off between the two files below comes here a second time.
        history.retain(|other| other.began_at != update.began_at);
        history.insert(0, update.clone());
        history.truncate(UPDATES_MAX);
        self.write("history.json", &history)?;
        let current = self.join("current.json");
        match fs::remove_file(&current) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.refused("remove", &current)(error))
            }
            _ => Ok(()),
        }
    }

    /// The updates that have ended, newest first.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn history(&self) -> Result<Vec<Update>, RecordError> {
        Ok(self.read("history.json")?.unwrap_or_default())
    }

    /// How the last look at the repository went; none where there was none.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn refresh(&self) -> Result<Option<Refresh>, RecordError> {
        self.read("refresh.json")
    }

    /// Notes how a look at the repository went.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_refresh(
        &self,
        at: Timestamp,
        signed_at: Option<Timestamp>,
        failure: Option<&str>,
    ) -> Result<(), RecordError> {
        let refresh = Refresh {
            at,
            signed_at,
            failure: failure.map(bounded),
        };
        self.write("refresh.json", &refresh)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RecordError> {
        let path = self.join(name);
        let Some(text) = write::read(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|source| RecordError::Unreadable { path, source })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RecordError> {
        let path = self.join(name);
        let text = serde_json::to_vec_pretty(value).map_err(|source| RecordError::Unreadable {
            path: path.clone(),
            source,
        })?;
        write::file(&path, &text, self.shared(0o640))?;
        Ok(())
    }

    /// Root's, readable by the daemons; whoever is not root keeps what is his own.
    fn shared(&self, mode: u32) -> Access {
        let group = Account::named("strongroom").map(|account| account.gid);
        Access {
            group: group
                .filter(|_| Uid::effective().is_root())
                .unwrap_or(Gid::effective()),
            ..private(mode)
        }
    }

    fn refused(&self, what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
        let path = path.to_owned();
        move |source| RecordError::Refused { what, path, source }
    }
}

/// Ours alone.
fn private(mode: u32) -> Access {
    Access {
        user: Uid::effective(),
        group: Gid::effective(),
        mode,
    }
}

fn bounded(text: &str) -> String {
    text.trim().chars().take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
