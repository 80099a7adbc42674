//! pgBackRest's commands, run as PostgreSQL's account.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::info::Info;
use super::{BackupError, Repository, STANZA, superuser};
use crate::beneath;
use crate::run::{Call, Program};

/// A backup or a restore of a large cluster takes hours.
const LONG_DEADLINE: Duration = Duration::from_secs(12 * 3600);
/// Two hundred megabytes of archived changes wait for a slow disk at most.
const SHORT_DEADLINE: Duration = Duration::from_secs(300);

/// A line for each backup, and for each file that is not right.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the last full one.
    Differential,
    /// What changed since the last one.
    Incremental,
}

impl Kind {
    /// As pgBackRest calls it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Differential => "diff",
            Self::Incremental => "incr",
        }
    }
}

/// Makes the repository ready for the cluster, or for its newer major; does nothing where it is.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said: a repository of another cluster, a wrong pass phrase.
pub fn create(repository: &Repository) -> Result<(), BackupError> {
    let is_there = repository
        .data()
        .join("archive")
        .join(STANZA)
        .join("archive.info")
        .exists();
    let command = if is_there {
        "stanza-upgrade"
    } else {
        "stanza-create"
    };
    call(repository, command)?.within(SHORT_DEADLINE).run()?;
    Ok(())
}

/// Has the cluster archive a change now, and sees it arrive.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said.
pub fn check(repository: &Repository) -> Result<(), BackupError> {
    call(repository, "check")?.within(SHORT_DEADLINE).run()?;
    Ok(())
}

/// What becomes of older backups once a new one is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// Those that are older than they are kept are let go of.
    LetGo,
    /// All of them stay.
    Kept,
}

/// Takes a backup.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said.
pub fn back_up(repository: &Repository, kind: Kind, older: Older) -> Result<(), BackupError> {
    let mut call = call(repository, "backup")?.with([format!("--type={}", kind.as_str())]);
    if older == Older::Kept {
        call = call.with(["--no-expire-auto"]);
    }
    call.within(LONG_DEADLINE).run()?;
    Ok(())
}

/// Lets go of one backup and those that rest on it, however old it is.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said.
pub fn expire(repository: &Repository, label: &str) -> Result<(), BackupError> {
    let call = call(repository, "expire")?.with([format!("--set={label}")]);
    call.within(SHORT_DEADLINE).run()?;
    Ok(())
}

/// Lets go of the archived changes of before the oldest of the `fulls` full backups that there are, with which nothing can be restored any more.
/// Where a backup was let go of by its name, the engine would keep them for as long as the next full backup is younger than its own time.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said.
pub fn expire_changes(repository: &Repository, fulls: usize) -> Result<(), BackupError> {
    // By number instead of by time, and by that of all that there are: no backup goes.
    let options = [
        "--repo1-retention-full-type=count".to_owned(),
        format!("--repo1-retention-full={fulls}"),
        "--repo1-retention-archive-type=full".to_owned(),
        format!("--repo1-retention-archive={fulls}"),
    ];
    let call = call(repository, "expire")?.with(options);
    call.within(SHORT_DEADLINE).run()?;
    Ok(())
}

/// Has the engine forget that there ever was a backup of a name that a wrong clock made, before it is let go of: it keeps the names of all,
/// and refuses every new one that is not later. In this order, whoever is killed in between finds the backup still listed, and does both again.
///
/// # Errors
/// [`BackupError::Refused`].
pub fn forget_name(repository: &Repository, label: &str) -> Result<(), BackupError> {
    let year = label.get(..4).unwrap_or_default();
    let folder = Path::new("backup").join(STANZA).join("backup.history").join(year);
    let data = repository.data();
    let refused = |source: io::Error| BackupError::Refused {
        what: "let go of the history of a backup in",
        path: data.join(&folder),
        source,
    };
    let root = File::open(&data).map_err(refused)?;
    // The engine's account owns these folders: what it puts a link in the place of leads nowhere.
    let opened = match beneath::open(&root, &folder, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC) {
        Ok(opened) => opened,
        Err(Errno::ENOENT) => return Ok(()),
        Err(error) => return Err(refused(error.into())),
    };
    // In its history it compresses by gzip, whatever else it compresses by.
    let name = format!("{label}.manifest.gz");
    match unlinkat(&opened, name.as_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(refused(error.into())),
    }
}

/// What the repository holds, by its own word.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said, as of a wrong pass phrase; [`BackupError::Unreadable`].
pub fn info(repository: &Repository) -> Result<Info, BackupError> {
    let said = call(repository, "info")?.with(["--output=json"]);
    Info::parse(&said.within(SHORT_DEADLINE).run()?)
}

/// How many bytes of the cluster the backup that runs has done, and of how many; none where none runs, or where this pgBackRest does
/// not say (before 2.48).
///
/// # Errors
/// As [`info`].
pub fn progress(repository: &Repository) -> Result<Option<(u64, u64)>, BackupError> {
    let said = call(repository, "info")?.with(["--output=json"]);
    super::info::parse_progress(&said.within(SHORT_DEADLINE).run()?)
}

/// What `verify` says of each file, as text; its exit code means nothing. It is written into memory and not into a pipe, so
/// that neither its length nor a busy machine cuts it.
///
/// # Errors
/// [`BackupError::Run`] where it did not look at all.
pub(super) fn verify_text(repository: &Repository) -> Result<String, BackupError> {
    let refused = |source: io::Error| BackupError::Refused {
        what: "keep what pgBackRest says of",
        path: repository.data(),
        source,
    };
    let memory = memfd_create("verify", MFdFlags::MFD_CLOEXEC).map_err(|error| refused(error.into()))?;
    let mut memory = File::from(memory);
    let call = call(repository, "verify")?.with(["--output=text", "--verbose"]);
    let call = call.to_file(memory.try_clone().map_err(refused)?);
    call.within(LONG_DEADLINE).run()?;
    let mut text = String::new();
    memory.rewind().map_err(refused)?;
    memory
        .take(TEXT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(refused)?;
    Ok(text)
}

/// Which backup is restored, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A point that was named on the running cluster (`pg_create_restore_point`).
    Point {
        /// Its name.
        name: String,
        /// The backup to begin with; the newest if none.
        backup: Option<String>,
    },
    /// A moment, with an explicit offset: `2026-11-29 06:42:18.629+00`.
    Moment(String),
    /// The last change that is there.
    Newest,
}

/// What a restored cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To be looked at aside: it archives nothing.
    Aside,
    /// The same, over a copy that was looked at and stopped: only what differs is read.
    AsideAgain,
    /// In the place of the one that was: it goes on archiving.
    InPlace,
}

impl Target {
    /// A moment to the microsecond, in the form that the engine reads.
    #[must_use]
    pub fn moment(at: jiff::Timestamp) -> Self {
        Self::Moment(at.strftime("%Y-%m-%d %H:%M:%S.%6f+00").to_string())
    }
}

/// Restores into an empty folder of PostgreSQL's account. What is started there afterwards replays until the target and
/// no further.
///
/// # Errors
/// [`BackupError::Run`] with what the engine said.
pub fn restore(
    repository: &Repository,
    target: &Target,
    data_folder: &Path,
    purpose: Use,
) -> Result<(), BackupError> {
    super::check_path(data_folder)?;
    let mut call = call(repository, "restore")?.with([format!("--pg1-path={}", data_folder.display())]);
    call = match purpose {
        Use::Aside => call.with(["--archive-mode=off"]),
        Use::AsideAgain => call.with(["--archive-mode=off", "--delta"]),
        Use::InPlace => call,
    };
    call = match target {
        Target::Point { name, backup } => {
            let call = call.with(["--type=name", &format!("--target={name}")]);
            match backup {
                Some(label) => call.with([format!("--set={label}")]),
                None => call,
            }
        }
        Target::Moment(moment) => call.with(["--type=time", &format!("--target={moment}")]),
        Target::Newest => call.with(["--type=default"]),
    };
    if *target != Target::Newest {
        call = call.with(["--target-action=promote", "--target-timeline=current"]);
    }
    call.within(LONG_DEADLINE).run()?;
    Ok(())
}

/// The lines of PostgreSQL's settings by which a database that starts with `recovery.signal` replays what it has itself, to the end
/// of its own timeline, and then begins the next one that the archive does not know (PostgreSQL, 20.5.5 and 20.5.6). Of two lines the later one counts: the
/// target of an earlier restore must not stay.
#[must_use]
pub fn replay_settings(repository: &Repository) -> String {
    format!(
        "restore_command = 'pgbackrest --config={} --stanza={STANZA} archive-get %f \"%p\"'\n\
         recovery_target = ''\nrecovery_target_lsn = ''\nrecovery_target_name = ''\nrecovery_target_time = ''\n\
         recovery_target_xid = ''\nrecovery_target_timeline = 'current'\n",
        repository.settings_file().display()
    )
}

fn call(repository: &Repository, command: &str) -> Result<Call, BackupError> {
    let settings = format!("--config={}", repository.settings_file().display());
    Ok(Call::new(Program::PgBackRest)
        .with([settings, format!("--stanza={STANZA}"), command.to_owned()])
        .as_account(superuser()?)
        .in_folder(Path::new("/")))
}
