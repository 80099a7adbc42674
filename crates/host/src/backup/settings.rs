//! The settings that pgBackRest and the cluster are given.
//!
//! Invariant: the cluster's own settings are in one file of ours beside Debian's, so that taking that file away turns
//! archiving off.

use std::path::Path;

use zeroize::Zeroizing;

use super::{BackupError, Repository, STANZA, roots_for, superuser};
use crate::postgresql::Cluster;
use crate::run::Program;
use crate::write::{self, Written};

/// Our file among a cluster's settings.
const CLUSTER_FILE: &str = "conf.d/strongroom-backup.conf";
/// Changes that wait for a broken archive take at most this on the disk. Beyond it they are let go, so that the platform goes
/// on: the next backup begins a new chain, and until then only verification sees the hole.
const QUEUE: &str = "4GiB";

/// What the engine is told of one cluster and its repository.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The cluster's data.
    pub data_folder: &'a Path,
    /// Its socket.
    pub socket_folder: &'a Path,
    /// Its port.
    pub port: u16,
    /// How long backups are kept.
    pub retention_days: u32,
}

/// Writes the engine's settings.
///
/// # Errors
/// [`BackupError`].
pub fn write_engine(
    repository: &Repository,
    wish: &Wish<'_>,
    pass_phrase: &str,
) -> Result<Written, BackupError> {
    super::check_path(wish.data_folder)?;
    super::check_path(wish.socket_folder)?;
    let text = engine(repository, wish, pass_phrase);
    let access = roots_for(&superuser()?, 0o640);
    Ok(write::file(&repository.settings_file(), text.as_bytes(), access)?)
}

/// The pass phrase of a repository that is set up; none where it is not.
///
/// # Errors
/// [`BackupError::Write`].
pub fn pass_phrase(repository: &Repository) -> Result<Option<Zeroizing<String>>, BackupError> {
    let Some(text) = write::read(&repository.settings_file())?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("repo1-cipher-pass="));
    Ok(value.map(|value| Zeroizing::new(value.to_owned())))
}

fn engine(repository: &Repository, wish: &Wish<'_>, pass_phrase: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "# Written by `strongroom backup enable`, which writes it again when it differs. Whoever reads it reads every backup.\n\
         [global]\n\
         repo1-path={repository}\n\
         repo1-cipher-type=aes-256-cbc\n\
         repo1-cipher-pass={pass_phrase}\n\
         repo1-bundle=y\n\
         repo1-retention-full-type=time\n\
         repo1-retention-full={days}\n\
         # What a backup held is let go of with it.\n\
         repo1-retention-history=0\n\
         # Level 1 costs half the processor time of level 3, for the same size.\n\
         compress-type=zst\n\
         compress-level=1\n\
         process-max=2\n\
         start-fast=y\n\
         log-level-file=off\n\
         log-level-stderr=off\n\
         log-level-console=warn\n\
         lock-path={locks}\n\
         archive-push-queue-max={QUEUE}\n\n\
         [{STANZA}]\n\
         pg1-path={data}\n\
         pg1-socket-path={socket}\n\
         pg1-port={port}\n",
        repository = repository.data().display(),
        days = wish.retention_days,
        locks = repository.locks().display(),
        data = wish.data_folder.display(),
        socket = wish.socket_folder.display(),
        port = wish.port,
    ))
}

/// Has the cluster archive each change within a minute; it counts from its next start.
///
/// # Errors
/// [`BackupError`].
pub fn write_cluster(repository: &Repository, cluster: &Cluster) -> Result<Written, BackupError> {
    let access = crate::write::Access {
        mode: 0o644,
        ..roots_for(&superuser()?, 0o644)
    };
    let text = format!(
        "# Written by `strongroom backup enable`, which writes it again when it differs.\n\
         archive_mode = on\n\
         archive_command = '{program} --config={settings} --stanza={STANZA} archive-push %p'\n\
         # A minute of changes is the most that a lost disk takes with it.\n\
         archive_timeout = 60\n\
         # A copy that follows and went away must not fill the disk.\n\
         max_slot_wal_keep_size = '4GB'\n",
        program = Program::PgBackRest.path().display(),
        settings = repository.settings_file().display(),
    );
    Ok(write::file(
        &cluster.settings_folder.join(CLUSTER_FILE),
        text.as_bytes(),
        access,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_encrypted_and_its_settings_are_outside_of_it() {
        let repository =
            Repository::new(Path::new("/srv/backup"), Path::new("/etc/strongroom-backup")).unwrap();
        let wish = Wish {
            data_folder: Path::new("/var/lib/postgresql/15/strongroom"),
            socket_folder: Path::new("/var/run/postgresql"),
            port: 5433,
            retention_days: 7,
        };
        let text = engine(&repository, &wish, "pass");
        assert!(text.contains("\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=pass\n"));
        assert!(text.contains("\nrepo1-retention-full=7\n"));
        assert!(!repository.settings_file().starts_with(repository.folder()));
    }
}
