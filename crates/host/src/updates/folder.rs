//! The folder of the record: its files, and the lock that lets one run at a time write them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Gid, Uid};
use serde::{Serialize, de::DeserializeOwned};

use super::verdict::VERDICTS_MAX;
use super::{DebianPackages, Refresh, Renewal, Report, Update, Verdict, bounded};
use crate::account::Account;
use crate::write::{self, Access, WriteError};

/// Where the record lies; every part of the path belongs to root.
pub const FOLDER: &str = "/var/lib/strongroom/updates";
/// The newest updates that are kept.
pub(super) const UPDATES_MAX: usize = 50;
/// The newest renewals that are kept.
pub(super) const RENEWALS_MAX: usize = 50;

/// As `strongroom-update-resume.service` looks for it.
const DEBIAN_PACKAGES: &str = "debian-packages.json";

/// How often somebody who waits for the lock tries it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

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

    /// The same, after others have ended, for which it waits so long at most. Blocks.
    ///
    /// # Errors
    /// [`RecordError::Busy`].
    pub fn lock_within(&self, patience: Duration) -> Result<Flock<File>, RecordError> {
        let began = Instant::now();
        loop {
            match self.lock() {
                Err(RecordError::Busy) if began.elapsed() < patience => thread::sleep(LOOK_EVERY),
                locked => return locked,
            }
        }
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
        self.remove("current.json")
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), RecordError> {
        let path = self.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.refused("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Debian's packages whose installation out of a bundle is in progress, or was cut off.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn debian_packages(&self) -> Result<Option<DebianPackages>, RecordError> {
        self.read(DEBIAN_PACKAGES)
    }

    /// Notes that Debian's packages are about to be installed.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_debian_packages(&self, packages: &DebianPackages) -> Result<(), RecordError> {
        self.write(DEBIAN_PACKAGES, packages)
    }

    /// Notes that this has ended.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn end_debian_packages(&self) -> Result<(), RecordError> {
        self.remove(DEBIAN_PACKAGES)
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

    /// What was started anew for old code, newest first.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn renewals(&self) -> Result<Vec<Renewal>, RecordError> {
        Ok(self.read("renewals.json")?.unwrap_or_default())
    }

    /// Notes a renewal. One that found nothing to do takes the place of another such, so that only the newest of them stays.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_renewal(&self, renewal: &Renewal) -> Result<(), RecordError> {
        let mut renewals = self.renewals()?;
        if renewals.first().is_some_and(|newest| !newest.is_news()) {
            renewals.remove(0);
        }
        renewals.insert(0, renewal.clone().bounded());
        renewals.truncate(RENEWALS_MAX);
        self.write("renewals.json", &renewals)
    }

    /// What root saw last; none where it never looked.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn report(&self) -> Result<Option<Report>, RecordError> {
        self.read("report.json")
    }

    /// Keeps what root saw.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_report(&self, report: &Report) -> Result<(), RecordError> {
        self.write("report.json", &report.clone().bounded())
    }

    /// What became of bundles that were handed over, newest first.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn verdicts(&self) -> Result<Vec<Verdict>, RecordError> {
        Ok(self.read("verdicts.json")?.unwrap_or_default())
    }

    /// Keeps what became of one.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn note_verdict(&self, verdict: &Verdict) -> Result<(), RecordError> {
        let mut verdicts = self.verdicts()?;
        verdicts.insert(0, verdict.clone().bounded());
        verdicts.truncate(VERDICTS_MAX);
        self.write("verdicts.json", &verdicts)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RecordError> {
        let path = self.join(name);
        let Some(text) = write::read(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|source| RecordError::Unreadable { path, source })
    }

    pub(super) fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RecordError> {
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
