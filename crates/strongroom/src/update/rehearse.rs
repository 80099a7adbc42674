//! The database around an update: an archive of before, a rehearsal on a copy, and the migration itself.
//!
//! The archive is a logical one of the whole database, until backups to a point in time exist. It holds what the
//! database holds: it is root's alone, and it goes when the new version is well.

use super::Run;
use crate::{
    failure::{CommandError, Exit},
    host::block_on,
};
use ::host::{
    disk,
    postgresql::{self, Cluster},
    run::{Call, Program},
};
use config::Config;
use platform::database::{self, AdminAccess, SCRATCH};
use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Migrations of a large appliance take their time.
const MIGRATE_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// Left free beside the archive and the copy.
const SPARE_BYTES: u64 = 256 << 20;

/// Writes the database into an archive.
pub(super) fn back_up(run: &Run<'_>) -> Result<String, CommandError> {
    let cluster = cluster(run.config)?;
    let size = size_of(&cluster.data_folder);
    check_space(&run.folder.join(""), size)?;
    check_space(&cluster.data_folder, size)?;
    let path = archive(run);
    fs::remove_file(&path).ok();
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    let file = file.map_err(CommandError::io(format!("cannot make {}", path.display())))?;
    postgresql::dump(&cluster, &run.config.database.name, file)?;
    let file = open(&path)?;
    let synced = file.sync_all().and_then(|()| file.metadata());
    let bytes = synced
        .map_err(CommandError::io(format!("cannot keep {}", path.display())))?
        .len();
    Ok(format!("{} kB", bytes / 1000))
}

/// Lets the new version migrate a copy of the database.
pub(super) fn rehearse(run: &Run<'_>) -> Result<String, CommandError> {
    let cluster = cluster(run.config)?;
    let admin = superuser(run.config);
    block_on(async { Ok(database::make_scratch(&admin).await?) })?;
    let began = Instant::now();
    let done = open(&archive(run))
        .and_then(|file| Ok(postgresql::restore(&cluster, SCRATCH, file)?))
        .and_then(|()| {
            let restored = began.elapsed();
            candidate_migrates(run.settings, Some(SCRATCH))?;
            Ok(format!(
                "restored in {:.1} s, migrated in {:.1} s",
                restored.as_secs_f32(),
                (began.elapsed() - restored).as_secs_f32()
            ))
        });
    block_on(async { Ok(database::drop_scratch(&admin).await?) })?;
    done
}

/// Lets the new version migrate the database, while the old one runs on it.
pub(super) fn migrate(run: &Run<'_>) -> Result<String, CommandError> {
    candidate_migrates(run.settings, None)?;
    Ok(String::new())
}

/// Removes the archive and the copy.
pub(super) fn clear_up(run: &Run<'_>) -> Result<(), CommandError> {
    fs::remove_file(archive(run)).ok();
    let admin = superuser(run.config);
    block_on(async { Ok(database::drop_scratch(&admin).await?) })
}

/// The new version's own program, out of its package, which is not installed.
fn candidate_migrates(settings: &Path, database: Option<&str>) -> Result<(), CommandError> {
    let mut call = Call::new(Program::Candidate)
        .with(["database", "migrate", "--config"])
        .with([settings.as_os_str()]);
    if let Some(database) = database {
        call = call.with(["--database", database]);
    }
    call.within(MIGRATE_DEADLINE).run()?;
    Ok(())
}

fn archive(run: &Run<'_>) -> PathBuf {
    run.folder.join("before.dump")
}

fn open(path: &Path) -> Result<File, CommandError> {
    File::open(path).map_err(CommandError::io(format!("cannot open {}", path.display())))
}

/// The cluster must be here: another machine's is not ours to copy.
fn cluster(config: &Config) -> Result<Cluster, CommandError> {
    let database = &config.database;
    let found = postgresql::at_socket(&database.host, database.port)?;
    found.ok_or_else(|| {
        let text = format!(
            "no cluster of this machine has the socket in {} with port {}, so it can be neither copied nor rehearsed \
             on; update by hand: back up, install the packages, `strongroom database migrate`",
            database.host.display(),
            database.port
        );
        CommandError::said(Exit::Failed, text)
    })
}

/// Root is the cluster's superuser (pg_ident.conf).
fn superuser(config: &Config) -> AdminAccess {
    AdminAccess {
        socket_folder: config.database.host.clone(),
        port: config.database.port,
        user: "postgres".to_owned(),
        password: None,
    }
}

/// A full disk stops the database: it is refused before.
fn check_space(folder: &Path, bytes: u64) -> Result<(), CommandError> {
    let space = disk::space(folder);
    let space = space.map_err(CommandError::io(format!(
        "cannot look at the disk of {}",
        folder.display()
    )))?;
    let wanted = bytes + SPARE_BYTES;
    if space.free_bytes >= wanted {
        return Ok(());
    }
    let text = format!(
        "the disk of {} has {} MB free, and a rehearsal needs {} MB; make room and run this again",
        folder.display(),
        space.free_bytes / 1_000_000,
        wanted / 1_000_000
    );
    Err(CommandError::said(Exit::Failed, text))
}

/// Bytes of all files below a folder; what goes away meanwhile counts nothing.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
