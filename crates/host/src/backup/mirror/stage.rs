//! What is to be sent, held fast: each file is looked at once, and linked into a folder of root's, from which it is sent.
//!
//! Invariants: only what is encrypted is held; no step of a path is a link, so that nobody leads root's eyes elsewhere; what is sent is
//! the very file that was looked at. PostgreSQL's account owns most of them and may still write into one: what it can write there it
//! can read. Start at [`Staged::of`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::unistd::{Gid, Uid, linkat};

use super::{BackupError, Entry, Repository, STATE, plain, refused};
use crate::beneath;
use crate::write::{self, Access};

/// Beside what is copied, and never copied itself.
const FOLDER: &str = "sending";

/// Files in a folder of root's, which goes with this value.
#[derive(Debug)]
pub(super) struct Staged {
    folder: PathBuf,
    /// Those that were still there.
    pub(super) entries: Vec<Entry>,
}

impl Drop for Staged {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Staged {
    /// Holds these files of a repository; what was let go of meanwhile is left out.
    ///
    /// # Errors
    /// [`BackupError::InTheClear`]; [`BackupError::Refused`], as for a path with a link in it.
    pub(super) fn of(repository: &Repository, entries: &[Entry]) -> Result<Self, BackupError> {
        let folder = repository.folder().join(FOLDER);
        // What a killed copy has left.
        fs::remove_dir_all(&folder).ok();
        write::folder(
            &folder,
            Access {
                user: Uid::effective(),
                group: Gid::effective(),
                mode: 0o700,
            },
        )?;
        let mut staged = Self {
            folder,
            entries: Vec::with_capacity(entries.len()),
        };
        let root = repository.folder();
        let opened = File::open(root).map_err(refused("open", root))?;
        for entry in entries {
            if let Some(file) = open(&opened, root, &entry.path)? {
                let bytes = look(&file, root, entry)?;
                staged.hold(&file, &entry.path)?;
                staged.entries.push(Entry {
                    path: entry.path.clone(),
                    bytes,
                });
            }
        }
        Ok(staged)
    }

    /// Where they lie, under the paths that they have in the repository.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn hold(&self, file: &File, path: &Path) -> Result<(), BackupError> {
        let held = self.folder.join(path);
        let parent = held.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).map_err(refused("make", parent))?;
        let open = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(
            AT_FDCWD,
            open.as_str(),
            AT_FDCWD,
            &held,
            AtFlags::AT_SYMLINK_FOLLOW,
        ) {
            Ok(()) => Ok(()),
            // The repository is a disk of its own below its folder.
            Err(Errno::EXDEV) => {
                let mut target = File::create(&held).map_err(refused("write", &held))?;
                io::copy(&mut &*file, &mut target).map_err(refused("write", &held))?;
                Ok(())
            }
            Err(error) => Err(refused("hold", &held)(error.into())),
        }
    }
}

/// None where it was let go of meanwhile.
fn open(root: &File, at: &Path, path: &Path) -> Result<Option<File>, BackupError> {
    // A pipe in the place of a file would wait for a writer.
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    match beneath::open(root, path, flags) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(refused("open", &at.join(path))(error.into())),
    }
}

/// A file begins as an encrypted one does; gives how long it is.
fn look(file: &File, root: &Path, entry: &Entry) -> Result<u64, BackupError> {
    let path = root.join(&entry.path);
    let metadata = file.metadata().map_err(refused("look at", &path))?;
    if !metadata.is_file() {
        return Err(BackupError::OddFile { path });
    }
    let beginning = match entry.path.starts_with(STATE) {
        true => plain::SEALED,
        false => plain::ENCRYPTED,
    };
    let mut read = Vec::with_capacity(beginning.len());
    let taken = file.take(beginning.len() as u64).read_to_end(&mut read);
    taken.map_err(refused("read", &path))?;
    if !read.is_empty() && read != beginning {
        return Err(BackupError::InTheClear { path });
    }
    io::Seek::rewind(&mut &*file).map_err(refused("read", &path))?;
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn repository(root: &Path) -> Repository {
        for part in ["repository/in", STATE] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        fs::write(root.join("repository/in/good"), "Salted__ and so on").unwrap();
        fs::write(root.join("state/good"), "SRF1 and so on").unwrap();
        Repository::new(root, &root.join("settings")).unwrap()
    }

    fn stage(repository: &Repository, path: &str) -> Result<Staged, BackupError> {
        let entry = Entry {
            path: PathBuf::from(path),
            bytes: 10,
        };
        Staged::of(repository, &[entry])
    }

    #[test]
    fn what_can_be_read_and_what_is_behind_a_link_does_not_leave() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let repository = repository(root);
        fs::write(root.join("repository/dump"), "PGDMP a dump").unwrap();
        symlink(root.join("repository/in/good"), root.join("repository/link")).unwrap();
        symlink(root.join("repository/in"), root.join("repository/aside")).unwrap();
        nix::unistd::mkfifo(&root.join("repository/pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        for good in ["repository/in/good", "state/good"] {
            let staged = stage(&repository, good).unwrap();
            assert_eq!(
                fs::read(staged.folder().join(good)).unwrap(),
                fs::read(root.join(good)).unwrap()
            );
        }
        assert!(matches!(
            stage(&repository, "repository/dump"),
            Err(BackupError::InTheClear { .. })
        ));
        for odd in [
            "repository/link",
            "repository/aside/good",
            "state/../repository/link",
            "/etc/passwd",
        ] {
            assert!(
                matches!(stage(&repository, odd), Err(BackupError::Refused { .. })),
                "{odd}"
            );
        }
        assert!(matches!(
            stage(&repository, "repository/pipe"),
            Err(BackupError::OddFile { .. })
        ));
        assert!(stage(&repository, "repository/gone").unwrap().entries.is_empty());
        assert!(!root.join(FOLDER).exists(), "what was held stays");
    }

    #[test]
    fn what_comes_into_a_files_place_after_the_look_is_not_what_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let repository = repository(root);
        let staged = stage(&repository, "repository/in/good").unwrap();
        fs::remove_file(root.join("repository/in/good")).unwrap();
        symlink("/etc/passwd", root.join("repository/in/good")).unwrap();
        let held = fs::read(staged.folder().join("repository/in/good")).unwrap();
        assert_eq!(held, b"Salted__ and so on");
    }
}
