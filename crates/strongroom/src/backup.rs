//! `strongroom backup`: the appliance's cluster and settings backed up, verified, and restored aside to see that it works.
//!
//! Invariants: root runs it, one run at a time; what is not in the database is sealed under a key that PostgreSQL's account
//! cannot read; a run that failed is noted as one that failed. Start at [`Site::begin`].

pub(crate) mod copy;
pub(crate) mod drill;
pub(crate) mod enable;
pub(crate) mod going_back;
mod key;
pub(crate) mod kit;
mod progress;
pub(crate) mod rebuild;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod verify;

use crate::{
    failure::{CommandError, Exit, told},
    host::block_on,
    output,
};
use ::host::{
    account,
    backup::{Repository, record::Folder},
    postgresql::{self, Cluster},
};
use config::Config;
use nix::fcntl::Flock;
use platform::{Platform, PlatformError, database::AdminAccess};
use std::{
    fs::File,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// A run that must not be left out waits so long for another's end: a copy goes on every ten minutes.
pub(crate) const PATIENT: Duration = Duration::from_secs(3_600);
/// How often it is looked whether the other has ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The appliance whose backups these are.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) config: Config,
    pub(crate) repository: Repository,
    pub(crate) record: Folder,
    _lock: Flock<File>,
}

impl Site {
    /// For one run that others wait for; it waits for another's end as long as is said.
    pub(crate) fn begin(settings: &Path, patience: Duration) -> Result<Self, CommandError> {
        require_root()?;
        let config = Config::load(Some(settings))?;
        let record = Folder::at(&config.backup.record);
        record.prepare()?;
        let lock = lock(&record, patience)?;
        Ok(Self {
            repository: repository(&config)?,
            config,
            record,
            _lock: lock,
        })
    }

    /// The same, where backups are switched on.
    pub(crate) fn of_enabled(settings: &Path, patience: Duration) -> Result<Self, CommandError> {
        let site = Self::begin(settings, patience)?;
        require_enabled(&site.repository)?;
        Ok(site)
    }

    /// The cluster, which must be on this machine.
    pub(crate) fn cluster(&self) -> Result<Cluster, CommandError> {
        let database = &self.config.database;
        postgresql::at_socket(&database.host, database.port)?.ok_or_else(|| {
            let text = format!(
                "no cluster of this machine has the socket in {} with port {}; back it up where it runs",
                database.host.display(),
                database.port
            );
            CommandError::said(Exit::Failed, text)
        })
    }

    /// Root is the cluster's superuser (pg_ident.conf).
    pub(crate) fn superuser(&self) -> AdminAccess {
        superuser_at(&self.config.database.host, self.config.database.port)
    }

    /// Writes an entry of the appliance's log; that it could not be written is said, and no failure of what was done.
    pub(crate) fn note(&self, write: impl AsyncFnOnce(&Platform) -> Result<(), PlatformError>) {
        let noted = block_on(async {
            let platform = Platform::open(&self.config).await?;
            Ok(write(&platform).await?)
        });
        if let Err(error) = noted {
            output::talk(&format!(
                "the appliance's log has no entry of it: {}",
                told(&error)
            ));
        }
    }
}

fn lock(record: &Folder, patience: Duration) -> Result<Flock<File>, CommandError> {
    let began = Instant::now();
    loop {
        if let Some(lock) = record.lock()? {
            return Ok(lock);
        }
        if began.elapsed() >= patience {
            let text = "another backup, copy, verification or drill is running; wait for its end (`strongroom backup status`)";
            return Err(CommandError::said(Exit::Conflict, text));
        }
        thread::sleep(LOOK_EVERY);
    }
}

pub(crate) fn superuser_at(socket_folder: &Path, port: u16) -> AdminAccess {
    AdminAccess {
        socket_folder: socket_folder.to_owned(),
        port,
        user: "postgres".to_owned(),
        password: None,
    }
}

/// The repository that the configuration names; its settings lie beside ours, in a folder that PostgreSQL's account may enter.
pub(crate) fn repository(config: &Config) -> Result<Repository, CommandError> {
    Ok(Repository::new(
        &config.backup.folder,
        &engine_settings(&config.path),
    )?)
}

fn engine_settings(settings: &Path) -> PathBuf {
    let folder = settings.parent().unwrap_or(Path::new("/"));
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!("{name}-backup"))
}

pub(crate) fn require_enabled(repository: &Repository) -> Result<(), CommandError> {
    match repository.is_set_up() {
        true => Ok(()),
        false => Err(CommandError::said(
            Exit::NotFound,
            "backups are not switched on here; run `strongroom backup enable`",
        )),
    }
}

fn require_root() -> Result<(), CommandError> {
    match account::is_root() {
        true => Ok(()),
        false => Err(CommandError::said(
            Exit::NotAllowed,
            "only root reaches PostgreSQL's clusters and the keys; run this as root",
        )),
    }
}
