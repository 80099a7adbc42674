//! Backups of the appliance's cluster, by pgBackRest: the one place that knows the engine.
//!
//! Invariants: whatever of the repository lies on a disk is encrypted; the pass phrase stands in one file that root writes and
//! PostgreSQL's account reads, never in an argument; the engine's word that all is well is not taken for it
//! ([`verify`]). Another engine would keep this seam. Start at [`Repository`] and [`engine`].

use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::postgresql::ClusterError;
use crate::run::RunError;
use crate::tree::TreeError;
use crate::write::{self, Access, WriteError};

pub mod engine;
pub mod info;
pub mod mirror;
pub mod plain;
pub mod record;
pub mod scratch;
pub mod settings;
pub mod verify;
pub mod wal;

/// What pgBackRest calls the cluster.
pub const STANZA: &str = "strongroom";

/// Why a backup, or a look at one, did not come about.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// pgBackRest or a program of PostgreSQL failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file or folder.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A scratch folder was not removed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The machine's clusters.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The account that the server runs as.
    #[error("there is no system user postgres; install Debian's package postgresql")]
    NoAccount,
    /// A path that would mean something in the engine's settings or in a shell.
    #[error("the path {} has characters other than letters, digits, `-`, `_`, `.` and `/`; name another folder", .path.display())]
    OddPath {
        /// The path.
        path: PathBuf,
    },
    /// A file in the repository whose name nobody here gives.
    #[error("{} is none of the repository's files; look who put it there, and remove it", .path.display())]
    OddFile {
        /// The file.
        path: PathBuf,
    },
    /// Nothing leaves that can be read without a key.
    #[error("{} is not encrypted, so nothing is copied; look who put it there, and remove it", .path.display())]
    InTheClear {
        /// The file.
        path: PathBuf,
    },
    /// It answered in a form that is not known.
    #[error("pgBackRest answers in a form that is not known: {what}; see `pgbackrest version`")]
    Unreadable {
        /// What was not understood.
        what: String,
    },
    /// The second location has no mark of ours.
    #[error(
        "{place} has no mark of the second location: it is not mounted, or another place; look there, and where it is new run `strongroom backup copy --begin`"
    )]
    NotMarked {
        /// The place.
        place: String,
    },
    /// A file that was sent is not there.
    #[error("{} was copied to the second location and is not there whole; look at its space", .path.display())]
    NotKept {
        /// The file, below the repository's folder.
        path: PathBuf,
    },
    /// The other machine refused.
    #[error("the second location {place} refused: {said}")]
    Far {
        /// The place.
        place: String,
        /// What was answered.
        said: String,
    },
    /// The copy did not come up.
    #[error("the restored copy did not start: {said}")]
    NotStarted {
        /// The end of its log.
        said: String,
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
        source: std::io::Error,
    },
}

/// Where one encrypted repository lies, and where its settings do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    folder: PathBuf,
    settings: PathBuf,
}

impl Repository {
    /// A repository in a folder, with its settings in another one.
    ///
    /// # Errors
    /// [`BackupError::OddPath`]: both stand in files and commands that others read.
    pub fn new(folder: &Path, settings: &Path) -> Result<Self, BackupError> {
        for path in [folder, settings] {
            check_path(path)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            settings: settings.to_owned(),
        })
    }

    /// The folder of everything but the settings.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the engine writes: backups and archived changes.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// What is not in the database, sealed, one file for each backup.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Where copies are restored to be looked at.
    #[must_use]
    pub fn drill(&self) -> PathBuf {
        self.folder.join("drill")
    }

    /// Where the engine keeps two of its commands apart.
    #[must_use]
    pub fn locks(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The engine's settings, with the pass phrase.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.settings.join("pgbackrest.conf")
    }

    /// Whether it was ever set up.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.settings_file().exists()
    }

    /// Makes its folders, whose parents must be there; only for root.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn prepare(&self) -> Result<(), BackupError> {
        let postgres = superuser()?;
        let roots = roots_for(&postgres, 0o750);
        let its = Access {
            user: postgres.uid,
            group: postgres.gid,
            mode: 0o750,
        };
        write::folder(&self.settings, roots)?;
        write::folder(&self.folder, roots)?;
        write::folder(&self.state(), roots)?;
        // Ours, so that nobody puts a link in the place of what we remove.
        write::folder(&self.drill(), roots)?;
        for folder in [self.data(), self.locks()] {
            write::folder(&folder, its)?;
        }
        Ok(())
    }
}

/// Root's, readable by PostgreSQL's account.
#[must_use]
pub fn roots_for(postgres: &Account, mode: u32) -> Access {
    Access {
        user: nix::unistd::Uid::from_raw(0),
        group: postgres.gid,
        mode,
    }
}

/// The account that the server and the engine run as.
///
/// # Errors
/// [`BackupError::NoAccount`].
pub fn superuser() -> Result<Account, BackupError> {
    Account::named("postgres").ok_or(BackupError::NoAccount)
}

/// A path that stands for nothing but itself in settings and in a shell.
fn check_path(path: &Path) -> Result<(), BackupError> {
    let is_plain = path.to_str().is_some_and(|text| {
        text.starts_with('/')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
    });
    match is_plain {
        true => Ok(()),
        false => Err(BackupError::OddPath {
            path: path.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_would_read_as_more_than_a_path_is_refused() {
        let good = Path::new("/etc/strongroom-backup");
        assert!(Repository::new(Path::new("/srv/backup_1"), good).is_ok());
        for odd in [
            "/srv/a b",
            "/srv/a;reboot",
            "/srv/$(x)",
            "/srv/a\nrepo1-path=/",
            "srv",
            "/srv/'x'",
        ] {
            assert!(Repository::new(Path::new(odd), good).is_err(), "{odd:?}");
            assert!(Repository::new(good, Path::new(odd)).is_err(), "{odd:?}");
        }
    }
}
