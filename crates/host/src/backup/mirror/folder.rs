//! A second location in a folder of this machine, such as a mounted share.
//!
//! Invariant: root writes below that folder and nowhere else: whoever keeps it may put a link in any place of it, and none is followed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::{BackupError, Entry, FILES_MAX, Lengths, MANIFEST, Pace, refused, walk};
use crate::beneath;

/// The mark and the probe are one line each.
const LINE_BYTES_MAX: u64 = 4096;

pub(super) fn is_marked(folder: &Path, mark: &str) -> Result<bool, BackupError> {
    let path = folder.join(mark);
    match fs::symlink_metadata(&path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(refused("look at", &path)(error)),
    }
}

/// Writes a small file, over one of ours where that is there: only so is seen whether the place lets it be replaced.
pub(super) fn mark(folder: &Path, mark: &str, text: &[u8]) -> Result<(), BackupError> {
    let path = folder.join(mark);
    let root = open(folder)?;
    let written = match is_marked(folder, mark)? {
        true => open_line(&root, mark),
        false => create(&root, mark),
    };
    written
        .and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(text)
        })
        .map_err(refused("write", &path))
}

/// A file with one name, which is not another's, and no longer than we write them.
fn open_line(root: &File, name: &str) -> io::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::from(openat(root, name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let is_ours = metadata.is_file() && metadata.nlink() <= 1 && metadata.len() <= LINE_BYTES_MAX;
    is_ours
        .then_some(file)
        .ok_or_else(|| io::Error::other("something else is there"))
}

pub(super) fn remove(folder: &Path, name: &str) -> Result<(), BackupError> {
    let path = folder.join(name);
    fs::remove_file(&path).map_err(refused("remove", &path))
}

pub(super) fn lengths(folder: &Path, entries: &[Entry]) -> Result<Lengths, BackupError> {
    let mut found = Lengths::new();
    for entry in entries {
        let path = folder.join(&entry.path);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                found.insert(entry.path.clone(), metadata.len());
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused("look at", &path)(error)),
        }
    }
    Ok(found)
}

pub(super) fn send(from: &Path, folder: &Path, entries: &[Entry], pace: Pace) -> Result<(), BackupError> {
    let root = open(folder)?;
    for entry in entries {
        let path = folder.join(&entry.path);
        let source = from.join(&entry.path);
        let mut source = File::open(&source).map_err(refused("read", &source))?;
        copy_file(&mut source, &root, &entry.path, pace).map_err(refused("write", &path))?;
    }
    Ok(())
}

/// The manifests of the backups in a folder, which may not be there yet.
pub(super) fn manifests(folder: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(refused("list", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries.take(FILES_MAX) {
        let manifest = entry.map_err(refused("list", folder))?.path().join(MANIFEST);
        if manifest.is_file() {
            found.push(manifest);
        }
    }
    Ok(found)
}

/// Whole or not at all under its name.
fn copy_file(source: &mut File, root: &File, path: &Path, pace: Pace) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let (Some(parent), Some(name)) = (path.parent(), name) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = beneath::make(root, parent)?;
    let part = format!("{name}.part");
    match unlinkat(&parent, part.as_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let mut target = create(&parent, &part)?;
    pace.copy(source, &mut target)?;
    target.sync_all()?;
    Ok(renameat(&parent, part.as_str(), &parent, name)?)
}

/// The folder of the settings, to which a link may lead; below it none does.
fn open(folder: &Path) -> Result<File, BackupError> {
    File::open(folder).map_err(refused("open", folder))
}

/// A new file, which is in nobody's place.
fn create(parent: &impl AsFd, name: &str) -> io::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(parent, name, flags, Mode::from_bits_truncate(0o666))?.into())
}

pub(super) fn fetch(from: &Path, parts: &[&str], into: &Path) -> Result<(), BackupError> {
    let mut entries = Vec::new();
    for part in parts {
        walk(from, Path::new(part), &mut entries)?;
    }
    send(from, into, &entries, Pace::default())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    const PATH: &str = "repository/backup/strongroom/backup.info";

    /// What is sent, where it goes, and a victim beside it.
    struct Site {
        here: TempDir,
        there: TempDir,
        victims: TempDir,
    }

    impl Site {
        fn new() -> Self {
            let site = Self {
                here: TempDir::new().unwrap(),
                there: TempDir::new().unwrap(),
                victims: TempDir::new().unwrap(),
            };
            let source = site.here.path().join(PATH);
            fs::create_dir_all(source.parent().unwrap()).unwrap();
            fs::write(source, "Salted__ new").unwrap();
            fs::write(site.victim(), "theirs").unwrap();
            site
        }

        fn victim(&self) -> PathBuf {
            self.victims.path().join("backup.info")
        }

        fn send(&self) -> Result<(), BackupError> {
            let entry = Entry {
                path: PathBuf::from(PATH),
                bytes: 12,
            };
            send(self.here.path(), self.there.path(), &[entry], Pace::default())
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_half_written_file_is_replaced() {
        let site = Site::new();
        let sent = site.there.path().join(PATH);
        fs::create_dir_all(sent.parent().unwrap()).unwrap();
        symlink(site.victim(), sent.with_file_name("backup.info.part")).unwrap();
        symlink(site.victim(), &sent).unwrap();
        site.send().unwrap();
        assert_eq!(fs::read(site.victim()).unwrap(), b"theirs");
        assert!(fs::symlink_metadata(&sent).unwrap().is_file());
        assert_eq!(fs::read(&sent).unwrap(), b"Salted__ new");
        assert_eq!(fs::read_dir(sent.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_place_of_a_folder_is_refused() {
        let site = Site::new();
        let parent = site.there.path().join(PATH);
        let parent = parent.parent().unwrap();
        fs::create_dir_all(parent.parent().unwrap()).unwrap();
        symlink(site.victims.path(), parent).unwrap();
        assert!(matches!(site.send(), Err(BackupError::Refused { .. })));
        assert_eq!(fs::read(site.victim()).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(site.victims.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_place_of_the_mark_is_no_mark_and_nothing_is_written_through_it() {
        let site = Site::new();
        let (there, victim) = (site.there.path(), site.victim());
        symlink(&victim, there.join("mark")).unwrap();
        fs::hard_link(&victim, there.join("other-name")).unwrap();
        let gone = site.victims.path().join("gone");
        symlink(&gone, there.join("probe")).unwrap();
        for name in ["mark", "probe", "other-name"] {
            let marked = mark(there, name, b"ours");
            assert!(matches!(marked, Err(BackupError::Refused { .. })), "{name}");
        }
        assert!(!is_marked(there, "mark").unwrap());
        assert!(!gone.exists());
        assert_eq!(fs::read(&victim).unwrap(), b"theirs");
        for text in ["a long first line", "short"] {
            mark(there, "new", text.as_bytes()).unwrap();
            assert_eq!(fs::read(there.join("new")).unwrap(), text.as_bytes());
        }
    }
}
