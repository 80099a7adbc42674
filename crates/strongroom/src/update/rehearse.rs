//! The database around an update: an archive of before, a rehearsal on a copy, and the migration itself.
//!
//! The archive is a logical one of the whole database, until backups to a point in time exist. It holds what the
//! database holds: it is root's alone, and it goes when the new version is well.

use super::Run;
use crate::{
    backup,
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
    os::unix::fs::{MetadataExt, OpenOptionsExt},
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
    check_space(&needs(run, &cluster)?)?;
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

/// What a rehearsal writes into a folder, and what its disk has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    folder: PathBuf,
    device: u64,
    free_bytes: u64,
    bytes: u64,
}

impl Need {
    fn of(folder: &Path, bytes: u64) -> Result<Self, CommandError> {
        let cannot = || CommandError::io(format!("cannot look at the disk of {}", folder.display()));
        Ok(Self {
            folder: folder.to_owned(),
            device: fs::metadata(folder).map_err(cannot())?.dev(),
            free_bytes: disk::space(folder).map_err(cannot())?.free_bytes,
            bytes,
        })
    }
}

/// The archive, the copy, and the changes by which the copy is made, where those are archived. None is larger than the cluster.
fn needs(run: &Run<'_>, cluster: &Cluster) -> Result<Vec<Need>, CommandError> {
    let size = size_of(&cluster.data_folder);
    let mut needs = vec![
        Need::of(&run.folder.join(""), size)?,
        Need::of(&cluster.data_folder, size)?,
    ];
    let repository = backup::repository(run.config)?;
    if repository.is_set_up() {
        needs.push(Need::of(repository.folder(), size)?);
    }
    Ok(needs)
}

/// A full disk stops the database: it is refused before.
fn check_space(needs: &[Need]) -> Result<(), CommandError> {
    let Some((need, wanted)) = short(needs) else {
        return Ok(());
    };
    let text = format!(
        "the disk of {} has {} MB free, and a rehearsal needs {} MB; make room and run this again",
        need.folder.display(),
        need.free_bytes / 1_000_000,
        wanted / 1_000_000
    );
    Err(CommandError::said(Exit::Failed, text))
}

/// The first whose disk has too little for all that is written there, and how much that is.
fn short(needs: &[Need]) -> Option<(&Need, u64)> {
    needs.iter().find_map(|need| {
        let there = needs.iter().filter(|other| other.device == need.device);
        let wanted = there.map(|other| other.bytes).sum::<u64>() + SPARE_BYTES;
        (need.free_bytes < wanted).then_some((need, wanted))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_one_disk_is_added_up() {
        let need = |folder: &str, device, free_bytes| Need {
            folder: folder.into(),
            device,
            free_bytes,
            bytes: 100 << 20,
        };
        let one = SPARE_BYTES + (100 << 20);
        let apart = [
            need("/archive", 1, one),
            need("/data", 2, one),
            need("/repository", 3, one),
        ];
        assert_eq!(short(&apart), None);
        let together = [
            need("/archive", 1, one),
            need("/data", 1, one),
            need("/repository", 2, one),
        ];
        assert_eq!(short(&together), Some((&together[0], one + (100 << 20))));
        let roomy = [
            need("/archive", 1, 3 * one),
            need("/data", 1, 3 * one),
            need("/repository", 1, 3 * one),
        ];
        assert_eq!(short(&roomy), None);
        let full = [need("/archive", 1, one), need("/data", 2, one - 1)];
        assert_eq!(short(&full), Some((&full[1], one)));
    }
}
