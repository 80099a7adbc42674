//! The files of both versions: the new one's to install, the running one's to go back to.
//!
//! Invariants: they lie in folders that only root enters, so that what apt has verified stays what is installed later; they are on the disk
//! before anything is installed, and what is gone back to is one version's, whenever power is cut.

use super::{Run, own_names, own_packages};
use crate::failure::{CommandError, Exit};
use ::host::{
    apt::{act, package},
    updates::Folder,
};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

const CANDIDATE: &str = "candidate";
const PREVIOUS: &str = "previous";
/// The unpacked new version, below the candidate's folder; `host::run` knows the program in it.
const TREE: &str = "tree";
/// The file of a package that names the oldest version it takes over from.
const OLDEST: &str = "usr/share/strongroom/updates-from";
/// A version is a line.
const OLDEST_BYTES_MAX: u64 = 100;

/// Fetches both, refuses what cannot be stepped to, and unpacks the new one beside.
pub(super) fn fetch(run: &Run<'_>) -> Result<String, CommandError> {
    let (from, to) = (&run.update.from, &run.update.to);
    let candidate = run.folder.join(CANDIDATE);
    if is_all(&candidate, from)? {
        // The update before was cut off when it had ended, and before it kept them.
        keep_candidate(run.folder)?;
    }
    empty(&candidate)?;
    for name in own_names()? {
        act::download(&run.sources(), name, to, &candidate)?;
    }
    settle(&candidate)?;
    let files = packages_in(&candidate)?;
    let tree = candidate.join(TREE);
    fs::create_dir(&tree).map_err(CommandError::io(format!("cannot make {}", tree.display())))?;
    for file in &files {
        act::unpack(file, &tree)?;
    }
    check_step(&tree, from)?;
    keep_previous(run)?;
    Ok(format!("{} packages", files.len()))
}

/// The files of the version that runs; fetched only where they are not kept from its own update or named by hand.
fn keep_previous(run: &Run<'_>) -> Result<(), CommandError> {
    let (previous, version) = (run.folder.join(PREVIOUS), run.update.from.as_str());
    if is_all(&previous, version)? {
        return Ok(());
    }
    empty(&previous)?;
    for name in own_names()? {
        act::download(&run.sources(), name, version, &previous).map_err(|error| {
            CommandError::said(
                Exit::Failed,
                format!(
                    "there would be no way back: {name} {version}, which runs now, is not kept here and cannot be \
                     fetched ({error}); name its file with --way-back"
                ),
            )
        })?;
    }
    settle(&previous)
}

/// Keeps the files that the operator names as those of the version that runs; others are refused.
pub(super) fn keep_named(folder: &Folder, files: &[PathBuf]) -> Result<(), CommandError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut named = Vec::new();
    for file in files {
        let field = |name| act::field(file, name).map(Option::unwrap_or_default);
        let (package, version) = (field("Package")?, field("Version")?);
        if !own_packages()?.contains(&(package.clone(), version.clone())) {
            let text = format!(
                "{} is {package} {version}, which does not run here; name the file of the version that is installed",
                file.display()
            );
            return Err(CommandError::said(Exit::Usage, text));
        }
        named.push((file, format!("{package}.deb")));
    }
    let previous = folder.join(PREVIOUS);
    empty(&previous)?;
    for (file, name) in named {
        let kept = fs::copy(file, previous.join(name));
        kept.map_err(CommandError::io(format!("cannot keep {}", file.display())))?;
    }
    settle(&previous)
}

/// Whether a folder has all our packages that are installed, of that version.
fn is_all(folder: &Path, version: &str) -> Result<bool, CommandError> {
    let names = own_names()?;
    Ok(!names.is_empty() && names.iter().all(|name| is_version(folder, name, version)))
}

fn is_version(folder: &Path, name: &str, version: &str) -> bool {
    let is = |file: &PathBuf| {
        let field = |field| act::field(file, field).ok().flatten();
        field("Package").as_deref() == Some(name) && field("Version").as_deref() == Some(version)
    };
    packages_in(folder).is_ok_and(|files| files.iter().any(is))
}

/// As the package's preinst does, but before anything is begun.
fn check_step(tree: &Path, from: &str) -> Result<(), CommandError> {
    let file = tree.join(OLDEST);
    let mut oldest = String::new();
    File::open(&file)
        .and_then(|file| file.take(OLDEST_BYTES_MAX).read_to_string(&mut oldest))
        .map_err(CommandError::io(format!("cannot read {}", file.display())))?;
    let oldest = oldest.trim();
    if package::compare(from, oldest)?.is_lt() {
        let text = format!("{from} is too old for this step; update to a version from {oldest} on first");
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(())
}

/// The kept files of the version before.
pub(super) fn previous(folder: &Folder) -> Result<Vec<PathBuf>, CommandError> {
    let files = packages_in(&folder.join(PREVIOUS))?;
    if files.is_empty() {
        let text = format!("no package is kept in {}", folder.join(PREVIOUS).display());
        return Err(CommandError::said(Exit::Failed, text));
    }
    Ok(files)
}

/// What was installed becomes what the next update goes back to, all of it at once. To be done when the update has ended: until then this one
/// may go back.
pub(super) fn keep_candidate(folder: &Folder) -> Result<(), CommandError> {
    let (candidate, previous) = (folder.join(CANDIDATE), folder.join(PREVIOUS));
    exchange(&candidate, &previous)?;
    empty(&candidate)?;
    match fs::remove_dir_all(previous.join(TREE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CommandError::io(format!(
            "cannot empty {}",
            previous.display()
        ))(error)),
        _ => Ok(()),
    }
}

fn exchange(one: &Path, other: &Path) -> Result<(), CommandError> {
    let done = renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE);
    done.map_err(|error| {
        let what = format!("cannot exchange {} and {}", one.display(), other.display());
        CommandError::io(what)(error.into())
    })
}

/// Puts a folder's packages on the disk.
fn settle(folder: &Path) -> Result<(), CommandError> {
    for path in packages_in(folder)?.iter().chain([&folder.to_owned()]) {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(CommandError::io(format!("cannot sync {}", path.display())))?;
    }
    Ok(())
}

/// A copy of this very program, which ends an update that is cut off: the new version's may be what is not well.
pub(super) fn keep_program(folder: &Folder) -> Result<(), CommandError> {
    let (draft, target) = (folder.join("program.new"), folder.join("program"));
    let copy = || -> io::Result<()> {
        fs::copy(std::env::current_exe()?, &draft)?;
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, &target)
    };
    copy().map_err(CommandError::io(format!(
        "cannot keep this program as {}",
        target.display()
    )))
}

pub(super) fn clear_up(folder: &Folder) -> Result<(), CommandError> {
    empty(&folder.join(CANDIDATE))
}

/// Empties a folder and lets it be there.
fn empty(folder: &Path) -> Result<(), CommandError> {
    let cannot = || CommandError::io(format!("cannot empty {}", folder.display()));
    for entry in fs::read_dir(folder).map_err(cannot())? {
        let entry = entry.map_err(cannot())?;
        let is_folder = entry.file_type().map_err(cannot())?.is_dir();
        let removed = if is_folder {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
        removed.map_err(cannot())?;
    }
    Ok(())
}

fn packages_in(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(CommandError::io(format!("cannot look into {}", folder.display())))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "deb"))
        .collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_takes_the_place_of_what_was_gone_back_to_at_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let (candidate, previous) = (folder.join(CANDIDATE), folder.join(PREVIOUS));
        for path in [&candidate.join(TREE), &previous] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(candidate.join("strongroom_2.deb"), "new").unwrap();
        fs::write(previous.join("strongroom_1.deb"), "old").unwrap();
        settle(&candidate).unwrap();
        keep_candidate(&folder).unwrap();
        let kept = packages_in(&previous).unwrap();
        assert_eq!(kept, [previous.join("strongroom_2.deb")]);
        assert_eq!(fs::read_dir(&previous).unwrap().count(), 1, "packages alone");
        assert_eq!(fs::read_dir(&candidate).unwrap().count(), 0);
    }
}
