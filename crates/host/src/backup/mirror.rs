//! The second location: a copy of the encrypted repository elsewhere.
//!
//! Invariants: only what is encrypted leaves; files are written once there and nothing is ever deleted there by us, so that
//! whoever takes over this machine empties one place and not both; the small files that say what there is (`*.info`) go
//! last, so that they never name what is not there yet; what is there is listed there, and not believed from here. A mark in
//! the place says that it is the right one: a share that is not mounted has none. Start at [`copy`] and [`fetch`].

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::record::Keeps;
use super::{BackupError, Repository, STANZA, info, plain, wal};
use crate::disk::{self, Space};

mod bucket;
mod folder;
mod pace;
mod sftp;
mod stage;

pub use bucket::SignedBucket;
pub use pace::Pace;
pub use sftp::Remote;
use stage::Staged;

/// Files of a large repository.
const FILES_MAX: usize = 2_000_000;
/// The mark's name.
const MARK: &str = "strongroom-second-location";
/// What is put there and deleted again, to see whether that can be done.
const PROBE: &str = "strongroom-deletion-tried";
/// What of a repository is copied.
const PARTS: [&str; 2] = ["repository", STATE];
/// What we seal ourselves; the rest is the engine's.
const STATE: &str = "state";
/// The engine's backups, a folder for each.
const BACKUPS: &str = "repository/backup/strongroom";
/// What a backup's folder has once it is whole.
const MANIFEST: &str = "backup.manifest";
/// What a batch is to take, by the rate of what went before it.
const BATCH_TIME: Duration = Duration::from_secs(60);
/// The first batch, before anything is known of the line.
const BATCH_BYTES: u64 = 64 << 20;
/// The largest one, and the smallest.
const BATCH_BYTES_MAX: u64 = 1 << 30;
const BATCH_BYTES_MIN: u64 = 1 << 20;
const BATCH_FILES: usize = 500;

/// Where the second copy lies.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of another machine, by SFTP.
    Remote(Remote),
    /// A folder in a bucket of S3-compatible storage.
    Bucket(SignedBucket),
}

/// Whether the place is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It must have our mark.
    Before,
    /// It gets our mark now.
    FromNowOn,
}

/// What a copy came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Files that were new there.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not there yet: the time was over.
    pub to_go: u64,
    /// The name of the oldest backup there.
    pub oldest_backup: Option<String>,
    /// The room that is left there, as far as the place says it.
    pub space: Option<Space>,
    /// The newest file of changes that is there now.
    pub newest_change: Option<String>,
    /// Between which changes others are missing there, of the first ones a sentence each.
    pub holes: Vec<String>,
}

/// A file of the repository: its path below the folder, and its length.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: PathBuf,
    bytes: u64,
}

/// Lengths by path.
type Lengths = BTreeMap<PathBuf, u64>;

/// Copies what is not there yet, for about so long at most: what is left goes with the next run.
///
/// # Errors
/// [`BackupError`]; what was copied until then is whole.
pub fn copy(
    repository: &Repository,
    place: &Place,
    known: Known,
    pace: Pace,
    within: Duration,
) -> Result<Sent, BackupError> {
    check_mark(place, known)?;
    let mut local = Vec::new();
    for part in PARTS {
        walk(repository.folder(), Path::new(part), &mut local)?;
    }
    // A backup's manifest says that it is whole, and a copy may end before its data is there.
    local.sort_by_cached_key(|entry| (is_manifest(&entry.path), entry.path.clone()));
    let (last, first): (Vec<Entry>, Vec<Entry>) = local.into_iter().partition(says_what_there_is);
    let there = lengths(place, &first)?;
    let new: Vec<Entry> = first
        .iter()
        .filter(|entry| there.get(&entry.path) != Some(&entry.bytes))
        .cloned()
        .collect();
    let (sent, to_go) = send_some(repository, place, &new, pace, within)?;
    if to_go == 0 {
        // What names files goes only when all of them are there.
        send(repository, place, &last, pace)?;
    }
    let there = lengths(place, &first)?;
    if let Some(missing) = sent
        .iter()
        .find(|entry| there.get(&entry.path) != Some(&entry.bytes))
    {
        return Err(BackupError::NotKept {
            path: missing.path.clone(),
        });
    }
    let mut changes: Vec<String> = there.keys().filter_map(|path| change_of(path)).collect();
    changes.sort();
    changes.dedup();
    // What this side let go of while the place was away is missing there, before anything that can be gone back to from here.
    let oldest_here = first.iter().filter_map(|entry| change_of(&entry.path)).min();
    Ok(Sent {
        files: sent.len() as u64,
        bytes: sent.iter().map(|entry| entry.bytes).sum(),
        to_go,
        oldest_backup: oldest_backup(place)?,
        space: space(place)?,
        holes: wal::told_holes(&changes, &oldest_here.unwrap_or_default()),
        newest_change: changes.pop(),
    })
}

/// Sends one batch after another until the time is over; gives what was sent, and how many files are left.
fn send_some(
    repository: &Repository,
    place: &Place,
    new: &[Entry],
    pace: Pace,
    within: Duration,
) -> Result<(Vec<Entry>, u64), BackupError> {
    let began = Instant::now();
    let (mut sent, mut left) = (Vec::new(), new);
    let mut bytes_max = pace.bytes_in(BATCH_TIME).unwrap_or(BATCH_BYTES);
    while !left.is_empty() {
        let (batch, rest) = left.split_at(batch_length(left, bytes_max));
        let batch_began = Instant::now();
        let gone = send(repository, place, batch, pace)?;
        let bytes = gone.iter().map(|entry| entry.bytes).sum();
        if pace.bytes_per_second().is_none() {
            bytes_max = next_batch(bytes, batch_began.elapsed());
        }
        sent.extend(gone);
        left = rest;
        if began.elapsed() >= within {
            break;
        }
    }
    Ok((sent, left.len() as u64))
}

/// What the next batch may hold, so that it takes about [`BATCH_TIME`] at the rate of this one.
fn next_batch(bytes: u64, took: Duration) -> u64 {
    let milliseconds = took.as_millis().max(1);
    let bytes = u128::from(bytes) * BATCH_TIME.as_millis() / milliseconds;
    u64::try_from(bytes)
        .unwrap_or(BATCH_BYTES_MAX)
        .clamp(BATCH_BYTES_MIN, BATCH_BYTES_MAX)
}

/// How many of the first files are not more than so many bytes together; one alone may be larger.
fn batch_length(entries: &[Entry], bytes_max: u64) -> usize {
    let mut bytes = 0;
    let fits = |entry: &&Entry| {
        bytes += entry.bytes;
        bytes <= bytes_max
    };
    let fitting = entries.iter().take(BATCH_FILES).take_while(fits).count();
    fitting.max(1).min(entries.len())
}

/// Storage with a bucket has no size of its own; a server may keep its own to itself.
fn space(place: &Place) -> Result<Option<Space>, BackupError> {
    match place {
        Place::Folder(folder) => Ok(disk::space(folder).ok()),
        Place::Remote(remote) => sftp::space(remote),
        Place::Bucket(_) => Ok(None),
    }
}

/// The oldest backup that lies there, by its name: what the far side has not let go of yet.
fn oldest_backup(place: &Place) -> Result<Option<String>, BackupError> {
    let below = Path::new(BACKUPS);
    let manifests = match place {
        Place::Folder(folder) => folder::manifests(&folder.join(below))?,
        Place::Remote(remote) => sftp::manifests(remote, below)?,
        Place::Bucket(bucket) => bucket::manifests(bucket, below)?,
    };
    let labels = manifests
        .iter()
        .filter_map(|path| path.iter().rev().nth(1)?.to_str());
    Ok(labels
        .filter(|label| info::is_label(label))
        .min()
        .map(str::to_owned))
}

/// Brings a whole copy here, into a folder that must be there and empty of it.
///
/// # Errors
/// [`BackupError`].
pub fn fetch(place: &Place, into: &Path) -> Result<(), BackupError> {
    check_mark(place, Known::Before)?;
    match place {
        Place::Folder(from) => folder::fetch(from, &PARTS, into),
        Place::Remote(remote) => sftp::fetch(remote, &PARTS, into),
        Place::Bucket(bucket) => bucket::fetch(bucket, &PARTS, into),
    }
}

/// Whether whoever takes this machine over can delete what is there, or replace it: something is put there, and both are tried. None
/// where that was not to be seen: only a refusal that says so counts as one.
///
/// # Errors
/// [`BackupError`], when nothing can be put there at all.
pub fn keeps(place: &Place) -> Result<Option<Keeps>, BackupError> {
    if !is_there(place, PROBE)? {
        put(place, PROBE, b"May this be deleted?\n")?;
    }
    let removed = match place {
        Place::Folder(folder) => folder::remove(folder, PROBE),
        Place::Remote(remote) => sftp::remove(remote, PROBE),
        Place::Bucket(bucket) => bucket::remove(bucket, PROBE),
    };
    let is_there = is_there(place, PROBE);
    Ok(match (removed, is_there, place) {
        (Ok(()), Ok(false), Place::Bucket(bucket)) if bucket::has_versions(bucket)? => Some(Keeps::Versions),
        (Ok(()), Ok(false), _) => Some(Keeps::Nothing),
        (Err(error), Ok(true), _) if is_refusal(&error) => replaced(place)?,
        _ => None,
    })
}

/// What comes of putting something else in the place of what cannot be deleted.
fn replaced(place: &Place) -> Result<Option<Keeps>, BackupError> {
    if let Place::Bucket(bucket) = place
        && bucket::has_versions(bucket)?
    {
        return Ok(Some(Keeps::All));
    }
    Ok(match put(place, PROBE, b"May this be replaced?\n") {
        Ok(()) => Some(Keeps::Replaceable),
        Err(error) if is_refusal(&error) => Some(Keeps::All),
        Err(_) => None,
    })
}

/// Whether the other side said no, rather than nothing.
fn is_refusal(error: &BackupError) -> bool {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said.push_str(&error.to_string());
        source = error.source();
    }
    let said = said.to_lowercase();
    ["denied", "forbidden", "not permitted", "read-only", "403"]
        .iter()
        .any(|word| said.contains(word))
}

fn check_mark(place: &Place, known: Known) -> Result<(), BackupError> {
    let text = format!("Strongroom keeps the second copy of the repository {STANZA} here.\n");
    match (is_there(place, MARK)?, known) {
        (true, _) => Ok(()),
        (false, Known::Before) => Err(BackupError::NotMarked { place: place.shown() }),
        (false, Known::FromNowOn) => put(place, MARK, text.as_bytes()),
    }
}

impl Place {
    /// As people read it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Remote(remote) => remote.shown(),
            Self::Bucket(bucket) => bucket.shown(),
        }
    }
}

fn is_there(place: &Place, name: &str) -> Result<bool, BackupError> {
    match place {
        Place::Folder(folder) => folder::is_marked(folder, name),
        Place::Remote(remote) => sftp::is_marked(remote, name),
        Place::Bucket(bucket) => bucket::is_marked(bucket, name),
    }
}

fn put(place: &Place, name: &str, text: &[u8]) -> Result<(), BackupError> {
    match place {
        Place::Folder(folder) => folder::mark(folder, name, text),
        Place::Remote(remote) => sftp::mark(remote, name, text),
        Place::Bucket(bucket) => bucket::mark(bucket, name, text),
    }
}

fn lengths(place: &Place, entries: &[Entry]) -> Result<Lengths, BackupError> {
    match place {
        Place::Folder(folder) => folder::lengths(folder, entries),
        Place::Remote(remote) => sftp::lengths(remote, entries),
        Place::Bucket(bucket) => bucket::lengths(bucket, entries),
    }
}

/// Sends what is still there of these files; gives that.
fn send(
    repository: &Repository,
    place: &Place,
    entries: &[Entry],
    pace: Pace,
) -> Result<Vec<Entry>, BackupError> {
    let mut staged = Staged::of(repository, entries)?;
    match place {
        Place::Folder(folder) => folder::send(staged.folder(), folder, &staged.entries, pace)?,
        Place::Remote(remote) => sftp::send(staged.folder(), remote, &staged.entries, pace)?,
        Place::Bucket(bucket) => bucket::send(staged.folder(), bucket, &staged.entries, pace)?,
    }
    Ok(std::mem::take(&mut staged.entries))
}

/// Every regular file; links lead to what is listed anyway, and what is half written has a name of its own.
fn walk(root: &Path, below: &Path, found: &mut Vec<Entry>) -> Result<(), BackupError> {
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).map_err(refused("list", &folder))? {
        let entry = entry.map_err(refused("list", &folder))?;
        let path = below.join(entry.file_name());
        if !is_plain(&entry.file_name()) {
            return Err(BackupError::OddFile {
                path: root.join(path),
            });
        }
        let kind = entry.file_type().map_err(refused("look at", &folder))?;
        if kind.is_dir() {
            walk(root, &path, found)?;
        } else if kind.is_file() && !is_half_written(&path) {
            match entry.metadata() {
                Ok(metadata) => found.push(Entry {
                    bytes: metadata.len(),
                    path,
                }),
                // It was let go of meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused("look at", &root.join(path))(error)),
            }
        }
        if found.len() > FILES_MAX {
            return Err(BackupError::Unreadable {
                what: format!("more than {FILES_MAX} files"),
            });
        }
    }
    Ok(())
}

/// A name as the engine and we give them. PostgreSQL's account writes in there: a name of its choice must not become a command of
/// sftp's, which has a shell.
fn is_plain(name: &OsStr) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte);
    name.to_str()
        .is_some_and(|name| !name.starts_with('-') && name.bytes().all(is_one))
}

fn is_half_written(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.ends_with(".pgbackrest.tmp") || name.ends_with(".new") || name.ends_with(".part")
}

/// `archive.info`, `backup.info` and their copies.
fn says_what_there_is(entry: &Entry) -> bool {
    let name = entry
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.ends_with(".info") || name.ends_with(".info.copy")
}

/// `backup.manifest` and its copy.
fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(MANIFEST))
}

fn change_of(path: &Path) -> Option<String> {
    path.starts_with("repository/archive")
        .then(|| super::wal::name_of(path))?
}

fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Refused { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_a_command_is_refused_and_the_engines_are_not() {
        for name in ["x\"\n!id\n", "a b", "*", "-rf", "a\\b", "ü"] {
            assert!(!is_plain(OsStr::new(name)), "{name:?}");
        }
        for name in [
            "backup.info.copy",
            "000000010000000000000001-0123abcd.zst",
            "20261129-064213F_20261129-070000I",
            "1249_fsm.zst",
        ] {
            assert!(is_plain(OsStr::new(name)), "{name:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x\"\n!id\n"), "Salted__").unwrap();
        let walked = walk(folder.path(), Path::new(""), &mut Vec::new());
        assert!(matches!(walked, Err(BackupError::OddFile { .. })), "{walked:?}");
    }

    #[test]
    fn batches_are_small_and_hold_every_file_once() {
        let entries: Vec<Entry> = [5, 5, 30, 1, 1, 1]
            .iter()
            .enumerate()
            .map(|(number, bytes)| Entry {
                path: PathBuf::from(number.to_string()),
                bytes: *bytes,
            })
            .collect();
        let (mut lengths, mut left) = (Vec::new(), entries.as_slice());
        while !left.is_empty() {
            let (batch, rest) = left.split_at(batch_length(left, 10));
            lengths.push(batch.len());
            left = rest;
        }
        assert_eq!(lengths, [2, 1, 3]);
        assert_eq!(batch_length(&[], 10), 0);
    }

    #[test]
    fn a_slow_line_gets_small_batches_and_a_fast_one_large_ones() {
        let seconds = Duration::from_secs;
        assert_eq!(next_batch(BATCH_BYTES, seconds(640)), BATCH_BYTES * 60 / 640);
        assert_eq!(next_batch(BATCH_BYTES, Duration::ZERO), BATCH_BYTES_MAX);
        assert_eq!(next_batch(0, seconds(640)), BATCH_BYTES_MIN);
        assert_eq!(next_batch(u64::MAX, seconds(1)), BATCH_BYTES_MAX);
    }

    #[test]
    fn a_copy_whose_time_is_over_says_how_much_is_left_and_the_next_goes_on() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = here.path();
        let backup = root.join(BACKUPS).join("20261129-064213F");
        // By their names all of these come after the manifest.
        let data = backup.join("pg_data");
        for folder in [&data, &root.join(STATE)] {
            fs::create_dir_all(folder).unwrap();
        }
        for number in 0..BATCH_FILES {
            fs::write(data.join(format!("{number}.zst")), "Salted__ a page").unwrap();
        }
        fs::write(backup.join("backup.manifest"), "Salted__ which files").unwrap();
        fs::write(root.join(BACKUPS).join("backup.info"), "Salted__ which backups").unwrap();
        let repository = Repository::new(root, &root.join("settings")).unwrap();
        let place = Place::Folder(there.path().to_owned());
        let go = |known| copy(&repository, &place, known, Pace::default(), Duration::ZERO).unwrap();
        let first = go(Known::FromNowOn);
        assert_eq!((first.files, first.to_go), (BATCH_FILES as u64, 1));
        let named = there.path().join(BACKUPS).join("backup.info");
        assert!(!named.exists(), "a backup is named that is not there whole");
        assert_eq!(first.oldest_backup, None);
        let second = go(Known::Before);
        assert_eq!((second.files, second.to_go), (1, 0));
        assert_eq!(second.oldest_backup.as_deref(), Some("20261129-064213F"));
        assert!(named.exists());
    }
}
