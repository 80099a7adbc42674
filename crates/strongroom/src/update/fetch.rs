//! The files of both versions: the new one's to install, the running one's to go back to.
//!
//! Invariant: they lie in folders that only root enters, so that what apt has verified stays what is installed later.

use super::{Run, own_names, own_packages};
use crate::failure::{CommandError, Exit};
use ::host::{
    apt::{act, package},
    updates::Folder,
};
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
    empty(&candidate)?;
    for name in own_names()? {
        act::download(&run.sources(), name, to, &candidate)?;
    }
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
    let names = own_names()?;
    let is_kept = |name: &&str| is_version(&previous, name, version);
    if names.iter().all(is_kept) {
        return Ok(());
    }
    empty(&previous)?;
    for name in names {
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
    Ok(())
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
    Ok(())
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

/// What was installed becomes what the next update goes back to.
pub(super) fn keep_candidate(folder: &Folder) -> Result<(), CommandError> {
    let previous = folder.join(PREVIOUS);
    empty(&previous)?;
    for file in packages_in(&folder.join(CANDIDATE))? {
        let target = previous.join(file.file_name().unwrap_or_default());
        fs::rename(&file, &target).map_err(CommandError::io(format!("cannot keep {}", file.display())))?;
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
