//! Files and folders of ours, with owner and mode.
//!
//! Invariants: a file is there whole or not at all, on disk when the call returns, and never wider open than
//! asked, not even for a moment; no symbolic link is followed, in no part of the path, so that an account
//! which owns a folder on the way cannot turn us elsewhere. Nothing is written when all is as asked, so a
//! second call changes nothing.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, RenameFlags, openat, renameat, renameat2};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, fsync, unlinkat};

use crate::beneath;

/// No file of ours is longer.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Whose a file is, and who may do what with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Its user.
    pub user: Uid,
    /// Its group.
    pub group: Gid,
    /// The permission bits, such as `0o640`.
    pub mode: u32,
}

impl Access {
    /// This process's own, with that mode.
    #[must_use]
    pub fn own(mode: u32) -> Self {
        Self {
            user: Uid::effective(),
            group: Gid::effective(),
            mode,
        }
    }
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was not there.
    Made,
    /// Its content, owner or mode was another.
    Changed,
    /// Nothing: it was as asked.
    Same,
}

/// Why a file or folder is not as asked.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A part of the path is a symbolic link.
    #[error("{} leads through a symbolic link, which is not followed; give the path it leads to, or remove the link", .path.display())]
    Link {
        /// The path.
        path: PathBuf,
    },
    /// Something else is there.
    #[error("{} is there and is no {wanted}; move it away", .path.display())]
    AnotherKind {
        /// The path.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
    },
    /// It is there, and is not to be overwritten.
    #[error("{} is there already and is never overwritten; name another file", .path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {what} {}; look at the rights of its folder and the space on its disk", .path.display())]
    Refused {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What was answered.
        #[source]
        source: io::Error,
    },
}

/// Makes the file have this content, owner and mode.
///
/// # Errors
/// [`WriteError`]; then the file is as it was.
pub fn file(path: &Path, content: &[u8], access: Access) -> Result<Written, WriteError> {
    let (parent, name) = parts(path)?;
    let before = read_in(&parent, name, path)?;
    if let Some((text, found)) = &before
        && text == content
        && *found == access
    {
        return Ok(Written::Same);
    }
    let temporary = format!(".{name}.{}.new", std::process::id());
    let written = write_new(&parent, &temporary, content, access)
        .and_then(|()| renameat(&parent, temporary.as_str(), &parent, name).map_err(io::Error::from))
        .and_then(|()| Ok(fsync(&parent)?));
    if let Err(source) = written {
        // What is left of it is ours alone, and the next call removes it first.
        unlinkat(&parent, temporary.as_str(), UnlinkatFlags::NoRemoveDir).ok();
        return Err(refused("write", path)(source));
    }
    Ok(if before.is_some() {
        Written::Changed
    } else {
        Written::Made
    })
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// [`WriteError::Exists`] when something is there, which stays as it is; [`WriteError`].
pub fn new_file(path: &Path, content: &[u8], access: Access) -> Result<(), WriteError> {
    let (parent, name) = parts(path)?;
    let temporary = format!(".{name}.{}.new", std::process::id());
    let flags = RenameFlags::RENAME_NOREPLACE;
    let written = write_new(&parent, &temporary, content, access)
        .and_then(|()| renameat2(&parent, temporary.as_str(), &parent, name, flags).map_err(io::Error::from));
    match written.and_then(|()| Ok(fsync(&parent)?)) {
        Ok(()) => Ok(()),
        Err(source) => {
            unlinkat(&parent, temporary.as_str(), UnlinkatFlags::NoRemoveDir).ok();
            Err(match source.kind() {
                io::ErrorKind::AlreadyExists => WriteError::Exists {
                    path: path.to_owned(),
                },
                _ => refused("write", path)(source),
            })
        }
    }
}

/// Opens the file that a lock is taken on, for a caller that never reads or writes it; an empty one where there is none.
///
/// # Errors
/// [`WriteError`].
pub fn lock_file(path: &Path, access: Access) -> Result<File, WriteError> {
    let (parent, name) = parts(path)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let new = flags | OFlag::O_CREAT | OFlag::O_EXCL;
    match openat(&parent, name, new, Mode::from_bits_truncate(0o600)) {
        Ok(made) => {
            let made = File::from(made);
            give(&made, access).map_err(refused("give away", path))?;
            Ok(made)
        }
        // Only what was made here is given away: another name of somebody's file may have been put there.
        Err(Errno::EEXIST) => {
            let opened = openat(&parent, name, flags, Mode::empty());
            Ok(File::from(opened.map_err(|error| unopened(error, path, "file"))?))
        }
        Err(error) => Err(unopened(error, path, "file")),
    }
}

/// Makes the folder be there with this owner and mode. Its parent must be there.
///
/// # Errors
/// [`WriteError`].
pub fn folder(path: &Path, access: Access) -> Result<Written, WriteError> {
    let (parent, name) = parts(path)?;
    let made = match mkdirat(&parent, name, Mode::from_bits_truncate(0o700)) {
        Ok(()) => true,
        Err(Errno::EEXIST) => false,
        Err(error) => return Err(refused("make", path)(error.into())),
    };
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let opened = openat(&parent, name, flags, Mode::empty());
    let folder = File::from(opened.map_err(|error| unopened(error, path, "folder"))?);
    let before = access_of(&folder).map_err(refused("look at", path))?;
    if before == access {
        return Ok(if made { Written::Made } else { Written::Same });
    }
    give(&folder, access)
        .and_then(|()| Ok(fsync(&parent)?))
        .map_err(refused("give away", path))?;
    Ok(if made { Written::Made } else { Written::Changed })
}

/// Sets the owner and mode of what is there, file or folder; its content stays.
///
/// # Errors
/// [`WriteError`].
pub fn access(path: &Path, access: Access) -> Result<Written, WriteError> {
    let found = File::from(open(path)?);
    if access_of(&found).map_err(refused("look at", path))? == access {
        return Ok(Written::Same);
    }
    give(&found, access).map_err(refused("change the owner or mode of", path))?;
    Ok(Written::Changed)
}

/// The owner and mode of what is there; none where nothing is.
///
/// # Errors
/// [`WriteError`].
pub fn look(path: &Path) -> Result<Option<Access>, WriteError> {
    match open(path) {
        Ok(found) => access_of(&File::from(found))
            .map(Some)
            .map_err(refused("look at", path)),
        Err(WriteError::Refused { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The content of a file of ours, up to 1 MiB; none where nothing is.
///
/// # Errors
/// [`WriteError`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, WriteError> {
    Ok(read_with_access(path)?.map(|(text, _)| text))
}

/// The same, and whose the very file that was read is.
///
/// # Errors
/// [`WriteError`].
pub fn read_with_access(path: &Path) -> Result<Option<(Vec<u8>, Access)>, WriteError> {
    let (parent, name) = match parts(path) {
        Err(WriteError::Refused { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        parts => parts?,
    };
    read_in(&parent, name, path)
}

/// The folder that holds it, opened without following any link, and its name therein.
fn parts(path: &Path) -> Result<(OwnedFd, &str), WriteError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let (Some(parent), Some(name)) = (path.parent(), name) else {
        let source = io::Error::from(io::ErrorKind::InvalidInput);
        return Err(refused("find the folder of", path)(source));
    };
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok((open_strictly(parent, flags)?, name))
}

fn open(path: &Path) -> Result<OwnedFd, WriteError> {
    // Not blocking, because what is there may be a pipe.
    open_strictly(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)
}

fn open_strictly(path: &Path, flags: OFlag) -> Result<OwnedFd, WriteError> {
    beneath::open_at(path, flags).map_err(|error| unopened(error, path, "folder"))
}

fn unopened(error: Errno, path: &Path, wanted: &'static str) -> WriteError {
    let path = path.to_owned();
    match error {
        Errno::ELOOP => WriteError::Link { path },
        Errno::ENOTDIR => WriteError::AnotherKind { path, wanted },
        error => refused("open", &path)(error.into()),
    }
}

/// The file in the folder with its access; none where there is none.
fn read_in(parent: &OwnedFd, name: &str, path: &Path) -> Result<Option<(Vec<u8>, Access)>, WriteError> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match openat(parent, name, flags, Mode::empty()) {
        Ok(opened) => File::from(opened),
        Err(Errno::ENOENT) => return Ok(None),
        Err(error) => return Err(unopened(error, path, "file")),
    };
    let metadata = file.metadata().map_err(refused("look at", path))?;
    if !metadata.is_file() {
        let path = path.to_owned();
        return Err(WriteError::AnotherKind { path, wanted: "file" });
    }
    let access = access_of(&file).map_err(refused("look at", path))?;
    let mut text = Vec::new();
    let read = file.take(FILE_BYTES_MAX).read_to_end(&mut text);
    read.map_err(refused("read", path))?;
    Ok(Some((text, access)))
}

fn write_new(parent: &OwnedFd, name: &str, content: &[u8], access: Access) -> io::Result<()> {
    unlinkat(parent, name, UnlinkatFlags::NoRemoveDir).ok();
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut file = File::from(openat(parent, name, flags, Mode::from_bits_truncate(0o600))?);
    file.write_all(content)?;
    give(&file, access)?;
    file.sync_all()
}

/// The owner first: changing it clears some bits of the mode.
fn give(file: &File, access: Access) -> io::Result<()> {
    let before = access_of(file)?;
    // A sandbox may forbid to give anything away, also to whom it belongs already.
    if (before.user, before.group) != (access.user, access.group) {
        fchown(file, Some(access.user), Some(access.group))?;
    }
    Ok(fchmod(file, Mode::from_bits_truncate(access.mode))?)
}

fn access_of(file: &File) -> io::Result<Access> {
    let metadata = file.metadata()?;
    Ok(Access {
        user: Uid::from_raw(metadata.uid()),
        group: Gid::from_raw(metadata.gid()),
        mode: metadata.mode() & 0o7777,
    })
}

fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Refused { what, path, source }
}

#[cfg(test)]
mod tests;
