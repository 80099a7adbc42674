//! A folder with all that is in it: measured, copied, compared, emptied.
//!
//! Invariants: no link is followed and no other file system entered; a copy counts only after every entry was compared:
//! kind, owner, mode, link, and every byte. Start at [`copy`] and [`compare`].

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::run::{Call, Program, RunError};

/// A large database takes its time.
const COPY_DEADLINE: Duration = Duration::from_secs(24 * 3600);
/// Deeper than any folder of ours.
const DEPTH_MAX: usize = 64;

/// Why a tree is not as asked.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The copy is another.
    #[error("the copy of {} is not the same: {what}", .path.display())]
    Different {
        /// Which entry of the original.
        path: PathBuf,
        /// In what.
        what: &'static str,
    },
    /// Too many folders in folders.
    #[error("{} lies too deep; look at what is in there", .path.display())]
    TooDeep {
        /// Where it was given up.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {what} {}; look at its rights and at the disk", .path.display())]
    Refused {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What was answered.
        #[source]
        source: io::Error,
    },
    /// cp failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The bytes that the files below a folder take on the disk.
///
/// # Errors
/// [`TreeError`].
pub fn bytes(folder: &Path) -> Result<u64, TreeError> {
    bytes_at(folder, DEPTH_MAX)
}

fn bytes_at(folder: &Path, depth: usize) -> Result<u64, TreeError> {
    check_depth(folder, depth)?;
    let device = look(folder)?.dev();
    let mut sum = 0;
    for name in names(folder)? {
        let path = folder.join(name);
        // What goes while we look is not there any more.
        let Ok(found) = look(&path) else { continue };
        sum += found.blocks().saturating_mul(512);
        if found.is_dir() && found.dev() == device {
            sum += bytes_at(&path, depth - 1)?;
        }
    }
    Ok(sum)
}

/// Whether anything but folders is below a folder, but entries that `ignore` names at its top.
///
/// # Errors
/// [`TreeError`].
pub fn has_files(folder: &Path, ignore: impl Fn(&OsStr) -> bool) -> Result<bool, TreeError> {
    for name in names(folder)?.into_iter().filter(|name| !ignore(name)) {
        if holds_files(&folder.join(name), DEPTH_MAX)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn holds_files(path: &Path, depth: usize) -> Result<bool, TreeError> {
    check_depth(path, depth)?;
    if !look(path)?.is_dir() {
        return Ok(true);
    }
    for name in names(path)? {
        if holds_files(&path.join(name), depth - 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Copies all that is in a folder into another one that is there and empty, with owners, modes, times, links and
/// extended attributes, and waits until it is on the disk.
///
/// # Errors
/// [`TreeError`].
pub fn copy(from: &Path, to: &Path) -> Result<(), TreeError> {
    let call = Call::new(Program::Cp)
        .with(["--archive", "--one-file-system", "--no-target-directory", "--"])
        .with([from.as_os_str(), to.as_os_str()]);
    call.within(COPY_DEADLINE).run()?;
    let folder = File::open(to).map_err(refused("open", to))?;
    nix::unistd::syncfs(&folder).map_err(|error| refused("write to the disk of", to)(error.into()))
}

/// Whether both are the same, entry by entry and byte by byte.
///
/// # Errors
/// [`TreeError::Different`] with the first entry that is not.
pub fn compare(original: &Path, copied: &Path) -> Result<(), TreeError> {
    compare_at(original, copied, DEPTH_MAX)
}

fn compare_at(original: &Path, copied: &Path, depth: usize) -> Result<(), TreeError> {
    check_depth(original, depth)?;
    let (one, other) = (look(original)?, look(copied)?);
    let different = |what| TreeError::Different {
        path: original.to_owned(),
        what,
    };
    if let Some(what) = difference(&one, &other) {
        return Err(different(what));
    }
    if one.is_symlink() {
        let target = |path: &Path| fs::read_link(path).map_err(refused("read the link", path));
        return match target(original)? == target(copied)? {
            true => Ok(()),
            false => Err(different("the link")),
        };
    }
    if one.is_file() {
        return match is_same_content(original, copied)? {
            true => Ok(()),
            false => Err(different("the content")),
        };
    }
    if !one.is_dir() {
        return Ok(());
    }
    let entries = names(original)?;
    if entries != names(copied)? {
        return Err(different("the list of entries"));
    }
    let pairs = entries
        .iter()
        .map(|name| (original.join(name), copied.join(name)));
    for (one, other) in pairs {
        compare_at(&one, &other, depth - 1)?;
    }
    Ok(())
}

fn difference(one: &Metadata, other: &Metadata) -> Option<&'static str> {
    if one.file_type() != other.file_type() {
        Some("the kind")
    } else if (one.uid(), one.gid()) != (other.uid(), other.gid()) {
        Some("the owner")
    } else if !one.is_symlink() && one.mode() != other.mode() {
        Some("the mode")
    } else if one.is_file() && one.len() != other.len() {
        Some("the length")
    } else {
        None
    }
}

fn is_same_content(one: &Path, other: &Path) -> Result<bool, TreeError> {
    let open = |path: &Path| File::open(path).map_err(refused("open", path));
    let (mut first, mut second) = (open(one)?, open(other)?);
    let (mut mine, mut theirs) = (vec![0; 1 << 17], vec![0; 1 << 17]);
    loop {
        let read = first.read(&mut mine).map_err(refused("read", one))?;
        if read == 0 {
            return Ok(second.read(&mut theirs[..1]).map_err(refused("read", other))? == 0);
        }
        if second.read_exact(&mut theirs[..read]).is_err() || mine[..read] != theirs[..read] {
            return Ok(false);
        }
    }
}

/// Removes what is in a folder but entries that `keep` names, and leaves the folder.
///
/// # Errors
/// [`TreeError::Refused`].
pub fn empty(folder: &Path, keep: impl Fn(&OsStr) -> bool) -> Result<(), TreeError> {
    for name in names(folder)?.into_iter().filter(|name| !keep(name)) {
        let path = folder.join(name);
        let removed = match look(&path)?.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        removed.map_err(refused("remove", &path))?;
    }
    Ok(())
}

/// Moves what is in a folder into another one on the same file system that is there.
///
/// # Errors
/// [`TreeError::Refused`].
pub fn move_entries(from: &Path, to: &Path) -> Result<(), TreeError> {
    for name in names(from)? {
        let path = from.join(&name);
        fs::rename(&path, to.join(&name)).map_err(refused("move", &path))?;
    }
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<OsString>, TreeError> {
    let entries = fs::read_dir(folder).map_err(refused("list", folder))?;
    let named: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = named.map_err(refused("list", folder))?;
    names.sort();
    Ok(names)
}

fn look(path: &Path) -> Result<Metadata, TreeError> {
    fs::symlink_metadata(path).map_err(refused("look at", path))
}

fn check_depth(path: &Path, depth: usize) -> Result<(), TreeError> {
    match depth {
        0 => Err(TreeError::TooDeep {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn refused(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TreeError {
    let path = path.to_owned();
    move |source| TreeError::Refused { what, path, source }
}

#[cfg(test)]
mod tests;
