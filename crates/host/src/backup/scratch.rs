//! A restored copy, started aside: on a socket of its own, with nobody let in but root and `postgres`, and thrown away.
//!
//! Invariants: it listens on no network, archives nothing, and its folder is removed with it. `pg_ctl`'s exit code is not
//! taken for its result: the server's own file says when it is ready.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{BackupError, superuser};
use crate::postgresql::{ADMISSION, IDENTITIES};
use crate::run::{Call, Program};
use crate::tree;
use crate::write::{self, Access};

/// The port that names the socket; nothing listens on it.
pub const PORT: u16 = 5432;
/// Replaying the changes of a day.
const REPLAY_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// Between `pg_ctl` and the server's own file.
const APPEAR_DEADLINE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How much of the log an error repeats.
const SAID_CHARS: usize = 1500;

/// A copy in a folder.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    version: u32,
}

impl Scratch {
    /// Makes the folder, which must not be there, for a cluster of that major.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn make(folder: &Path, version: u32) -> Result<Self, BackupError> {
        super::check_path(folder)?;
        let postgres = superuser()?;
        let its = Access {
            user: postgres.uid,
            group: postgres.gid,
            mode: 0o700,
        };
        let scratch = Self {
            folder: folder.to_owned(),
            version,
        };
        scratch.remove()?;
        write::folder(folder, its)?;
        write::folder(&scratch.data(), its)?;
        write::folder(&scratch.socket(), its)?;
        Ok(scratch)
    }

    /// Where the data is restored to.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Starts it and waits until it has replayed everything and takes connections.
    ///
    /// # Errors
    /// [`BackupError::NotStarted`] with the end of its log, as where the changes end before the point that was asked for.
    pub fn start(&self) -> Result<(), BackupError> {
        self.write_settings()?;
        // What an earlier start, cut off, has left.
        fs::remove_file(self.log()).ok();
        let data = self.data();
        let call = Call::new(Program::PgCtl {
            version: self.version,
        })
        .with(["start", "--no-wait", "--silent", "--pgdata"])
        .with([data.as_os_str()])
        .with(["--log"])
        .with([self.log().as_os_str()]);
        call.as_account(superuser()?).in_folder(Path::new("/")).run()?;
        self.wait()
    }

    fn wait(&self) -> Result<(), BackupError> {
        let began = Instant::now();
        loop {
            match self.state().as_deref() {
                Some("ready") => return Ok(()),
                Some(_) if began.elapsed() < REPLAY_DEADLINE => {}
                None if began.elapsed() < APPEAR_DEADLINE && !self.said().contains("FATAL") => {}
                Some(_) | None => return Err(BackupError::NotStarted { said: self.said() }),
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// The eighth line of the server's file (miscadmin.h): `starting`, `ready`; none where it does not run.
    fn state(&self) -> Option<String> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        Some(text.lines().nth(7).unwrap_or("starting").trim().to_owned())
    }

    fn said(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let start = text
            .char_indices()
            .rev()
            .nth(SAID_CHARS)
            .map_or(0, |(index, _)| index);
        text[start..].trim().to_owned()
    }

    fn write_settings(&self) -> Result<(), BackupError> {
        let postgres = superuser()?;
        let access = Access {
            user: postgres.uid,
            group: postgres.gid,
            mode: 0o600,
        };
        let settings = format!(
            "listen_addresses = ''\nport = {PORT}\nunix_socket_directories = '{socket}'\nssl = off\n\
             archive_mode = off\nhot_standby = off\nautovacuum = off\nfsync = off\njit = off\nmax_connections = 60\n\
             shared_buffers = '64MB'\nmaintenance_work_mem = '64MB'\nlog_min_error_statement = panic\n\
             log_parameter_max_length = 0\nlog_parameter_max_length_on_error = 0\n",
            socket = self.socket().display(),
        );
        for (name, text) in [
            ("postgresql.conf", settings.as_str()),
            ("pg_hba.conf", ADMISSION),
            ("pg_ident.conf", IDENTITIES),
        ] {
            write::file(&self.data().join(name), text.as_bytes(), access)?;
        }
        Ok(())
    }

    /// Has PostgreSQL look at every table and index of a database.
    ///
    /// # Errors
    /// [`BackupError::Run`] with what is wrong.
    pub fn check(&self, database: &str) -> Result<(), BackupError> {
        let socket = self.socket();
        Call::new(Program::PgAmcheck {
            version: self.version,
        })
        .with(["--host"])
        .with([socket.as_os_str()])
        .with([
            "--port",
            &PORT.to_string(),
            "--username",
            "postgres",
            "--no-password",
        ])
        .with(["--install-missing", "--heapallindexed", "--database", database])
        .as_account(superuser()?)
        .in_folder(Path::new("/"))
        .within(REPLAY_DEADLINE)
        .run()?;
        Ok(())
    }

    /// Stops it, so that something else can be restored over it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn stop(&self) -> Result<(), BackupError> {
        if self.state().is_some() {
            let call = Call::new(Program::PgCtl {
                version: self.version,
            })
            .with(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .with([self.data().as_os_str()]);
            let stopped = call.as_account(superuser()?).in_folder(Path::new("/")).run();
            // A file that a killed server has left names nobody.
            if let Err(error) = stopped
                && self.is_alive()
            {
                return Err(error.into());
            }
            fs::remove_file(self.data().join("postmaster.pid")).ok();
        }
        Ok(())
    }

    /// Stops it and removes its folder.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn remove(&self) -> Result<(), BackupError> {
        self.stop()?;
        if let Ok(there) = self.folder.symlink_metadata() {
            if !there.is_dir() {
                return Err(BackupError::OddFile {
                    path: self.folder.clone(),
                });
            }
            tree::empty(&self.folder, |_| false)?;
            fs::remove_dir(&self.folder).map_err(|source| BackupError::Refused {
                what: "remove",
                path: self.folder.clone(),
                source,
            })?;
        }
        Ok(())
    }

    fn is_alive(&self) -> bool {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let pid = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse::<u32>().ok());
        pid.is_some_and(|pid| Path::new("/proc").join(pid.to_string()).exists())
    }
}
