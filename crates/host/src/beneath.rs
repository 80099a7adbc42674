//! Paths opened with no symbolic link in any step.
//!
//! Invariants: whoever owns a folder on the way cannot turn us elsewhere; what is opened beneath a folder lies in it. Both hold where
//! openat2 is not to be had, too: a unit that may not make set-user-id files has none (`RestrictSUIDSGID=`, systemd.exec(5)). Start
//! at [`open`].

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, SFlag, fstatat, mkdirat};

/// What a folder on the way is opened as.
const FOLDER: OFlag = OFlag::O_PATH
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// Opens what is there beneath an opened folder.
///
/// # Errors
/// `ELOOP` for a link in any step; `EXDEV` or `EINVAL` for a path that leads out; whatever else the system says.
pub(crate) fn open(root: &impl AsFd, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
    let how = OpenHow::new().flags(flags).resolve(resolve);
    match openat2(root, path, how) {
        Err(Errno::ENOSYS) => open_by_parts(root, path, flags),
        opened => opened,
    }
}

/// Opens what is there at a path of the machine, or below the folder that we are in.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_at(path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(flags)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(AT_FDCWD, path, how) {
        Err(Errno::ENOSYS) => open_at_by_parts(path, flags),
        opened => opened,
    }
}

/// Opens a folder beneath an opened one, with those on the way, each of which is made where it is missing.
///
/// # Errors
/// As [`open`].
pub(crate) fn make(root: &impl AsFd, path: &Path) -> nix::Result<OwnedFd> {
    match open(root, path, FOLDER) {
        Err(Errno::ENOENT) => {}
        opened => return opened,
    }
    let mut folder = openat(root, ".", FOLDER, Mode::empty())?;
    for name in names(path)? {
        folder = match openat(&folder, name, FOLDER, Mode::empty()) {
            Err(Errno::ENOENT) => {
                mkdirat(&folder, name, Mode::from_bits_truncate(0o777))?;
                openat(&folder, name, FOLDER, Mode::empty())
            }
            opened => opened,
        }
        .map_err(|error| link_or(error, &folder, name))?;
    }
    Ok(folder)
}

fn open_at_by_parts(path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let start = Path::new(if path.is_absolute() { "/" } else { "." });
    let start = openat(AT_FDCWD, start, FOLDER, Mode::empty())?;
    open_by_parts(&start, path.strip_prefix("/").unwrap_or(path), flags)
}

/// One part after the other, none of which may be a link.
fn open_by_parts(root: &impl AsFd, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let mut parts = names(path)?;
    let Some(last) = parts.pop() else {
        return openat(root, ".", flags, Mode::empty());
    };
    let mut parent = openat(root, ".", FOLDER, Mode::empty())?;
    for part in parts {
        parent =
            openat(&parent, part, FOLDER, Mode::empty()).map_err(|error| link_or(error, &parent, part))?;
    }
    openat(&parent, last, flags | OFlag::O_NOFOLLOW, Mode::empty())
        .map_err(|error| link_or(error, &parent, last))
}

fn names(path: &Path) -> nix::Result<Vec<&OsStr>> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => names.push(name),
            Component::RootDir => return Err(Errno::EXDEV),
            Component::ParentDir | Component::Prefix(_) => return Err(Errno::EINVAL),
        }
    }
    Ok(names)
}

/// The kernel calls a link that is to be a folder none; we tell it from a file.
fn link_or(error: Errno, parent: &OwnedFd, name: &OsStr) -> Errno {
    let is_link = || {
        let found = fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok();
        found.is_some_and(|found| SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT == SFlag::S_IFLNK)
    };
    if error == Errno::ENOTDIR && is_link() {
        Errno::ELOOP
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    const READ: OFlag = OFlag::O_RDONLY.union(OFlag::O_CLOEXEC);

    /// A file, and links to it and to its folder.
    fn linked() -> TempDir {
        let folder = TempDir::new().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/file"), "x").unwrap();
        symlink("real", root.join("link")).unwrap();
        symlink("real/file", root.join("name")).unwrap();
        folder
    }

    /// What a sandbox without openat2 is left with refuses the same.
    #[test]
    fn opening_part_by_part_follows_no_link_either() {
        let folder = linked();
        // The folder for temporary files may itself be reached by a link.
        let root = folder.path().canonicalize().unwrap();
        let opened = File::open(&root).unwrap();
        for good in ["real/file", "real", "./real//file"] {
            assert!(open(&opened, Path::new(good), READ).is_ok(), "{good}");
            assert!(open_by_parts(&opened, Path::new(good), READ).is_ok(), "{good}");
            assert!(open_at_by_parts(&root.join(good), READ).is_ok(), "{good}");
        }
        for (path, error) in [
            ("link/file", Errno::ELOOP),
            ("name", Errno::ELOOP),
            ("real/file/x", Errno::ENOTDIR),
            ("gone", Errno::ENOENT),
        ] {
            let path = Path::new(path);
            let tried = [
                open(&opened, path, READ),
                open_by_parts(&opened, path, READ),
                open_at_by_parts(&root.join(path), READ),
            ];
            for opened in tried {
                assert_eq!(opened.unwrap_err(), error, "{}", path.display());
            }
        }
        assert!(open_at_by_parts(Path::new("/"), READ | OFlag::O_DIRECTORY).is_ok());
    }

    #[test]
    fn a_path_that_leads_out_of_the_folder_is_refused_with_and_without_openat2() {
        let folder = linked();
        let opened = File::open(folder.path().join("real")).unwrap();
        for out in ["../name", "/etc/passwd"] {
            assert!(open(&opened, Path::new(out), READ).is_err(), "{out}");
            assert!(open_by_parts(&opened, Path::new(out), READ).is_err(), "{out}");
        }
    }

    #[test]
    fn missing_folders_are_made_and_never_behind_a_link() {
        let folder = linked();
        let root = File::open(folder.path()).unwrap();
        make(&root, Path::new("real/new/er")).unwrap();
        make(&root, Path::new("real/new/er")).unwrap();
        make(&root, Path::new("")).unwrap();
        assert!(folder.path().join("real/new/er").is_dir());
        for (path, error) in [("link/other", Errno::ELOOP), ("real/file/x", Errno::ENOTDIR)] {
            assert_eq!(make(&root, Path::new(path)).unwrap_err(), error, "{path}");
        }
        assert!(make(&root, Path::new("../out")).is_err());
        assert!(!folder.path().join("real/other").exists());
    }
}
