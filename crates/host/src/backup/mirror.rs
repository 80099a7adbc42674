//! The second location: a copy of the encrypted repository elsewhere.
//!
//! Invariants: only what is encrypted leaves; files are written once there and nothing is ever deleted there by us, so that
//! whoever takes over this machine empties one place and not both; the small files that say what there is (`*.info`) go
//! last, so that they never name what is not there yet; what is there is listed there, and not believed from here. A mark in
//! the place says that it is the right one: a share that is not mounted has none. Start at [`copy`] and [`fetch`].

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::record::Keeps;
use super::{BackupError, Repository, STANZA, plain, wal};

mod bucket;
mod folder;
mod pace;
mod sftp;

pub use bucket::Bucket;
pub use pace::Pace;
pub use sftp::Remote;

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

/// Where the second copy lies.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of another machine, by SFTP.
    Remote(Remote),
    /// A folder in a bucket of S3-compatible storage.
    Bucket(Bucket),
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

/// Copies what is not there yet.
///
/// # Errors
/// [`BackupError`]; what was copied until then is whole.
pub fn copy(repository: &Repository, place: &Place, known: Known, pace: Pace) -> Result<Sent, BackupError> {
    check_mark(place, known)?;
    let mut local = Vec::new();
    for part in PARTS {
        walk(repository.folder(), Path::new(part), &mut local)?;
    }
    local.sort();
    let (last, first): (Vec<Entry>, Vec<Entry>) = local.into_iter().partition(says_what_there_is);
    let there = lengths(place, &first)?;
    let new: Vec<Entry> = first
        .iter()
        .filter(|entry| there.get(&entry.path) != Some(&entry.bytes))
        .cloned()
        .collect();
    for some in [&new, &last] {
        require_encrypted(repository.folder(), some)?;
        send(repository, place, some, pace)?;
    }
    let there = lengths(place, &first)?;
    if let Some(missing) = new
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
    Ok(Sent {
        files: new.len() as u64,
        bytes: new.iter().map(|entry| entry.bytes).sum(),
        holes: wal::told_holes(&changes, ""),
        newest_change: changes.pop(),
    })
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

fn send(repository: &Repository, place: &Place, entries: &[Entry], pace: Pace) -> Result<(), BackupError> {
    match place {
        Place::Folder(folder) => folder::send(repository.folder(), folder, entries, pace),
        Place::Remote(remote) => sftp::send(repository.folder(), remote, entries, pace),
        Place::Bucket(bucket) => bucket::send(repository.folder(), bucket, entries, pace),
    }
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

/// Only what is encrypted leaves: each file is opened as it is, never through a link, and begins as an encrypted one does.
fn require_encrypted(root: &Path, entries: &[Entry]) -> Result<(), BackupError> {
    for entry in entries.iter().filter(|entry| entry.bytes > 0) {
        let path = root.join(&entry.path);
        let beginning = match entry.path.starts_with(STATE) {
            true => plain::SEALED,
            false => plain::ENCRYPTED,
        };
        let mut options = File::options();
        let opened = options
            .read(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&path);
        let mut read = Vec::with_capacity(beginning.len());
        match opened.and_then(|file| file.take(beginning.len() as u64).read_to_end(&mut read)) {
            Ok(_) if read == beginning => {}
            Ok(_) => return Err(BackupError::InTheClear { path }),
            // It was let go of meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused("open", &path)(error)),
        }
    }
    Ok(())
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
    fn what_can_be_read_and_what_is_a_link_does_not_leave() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for part in PARTS {
            fs::create_dir(root.join(part)).unwrap();
        }
        fs::write(root.join("repository/good"), "Salted__ and so on").unwrap();
        fs::write(root.join("state/good"), "SRF1 and so on").unwrap();
        fs::write(root.join("repository/dump"), "PGDMP a dump").unwrap();
        std::os::unix::fs::symlink(root.join("repository/good"), root.join("repository/link")).unwrap();
        let look = |path: &str| {
            let entry = Entry {
                path: PathBuf::from(path),
                bytes: 10,
            };
            require_encrypted(root, &[entry])
        };
        assert!(look("repository/good").is_ok() && look("state/good").is_ok());
        assert!(matches!(
            look("repository/dump"),
            Err(BackupError::InTheClear { .. })
        ));
        assert!(matches!(
            look("repository/link"),
            Err(BackupError::Refused { .. })
        ));
    }
}
