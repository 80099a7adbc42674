//! A second location in a folder of this machine, such as a mounted share.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{BackupError, Entry, FILES_MAX, Lengths, MANIFEST, Pace, refused, walk};

pub(super) fn is_marked(folder: &Path, mark: &str) -> Result<bool, BackupError> {
    let path = folder.join(mark);
    path.try_exists().map_err(refused("look at", &path))
}

pub(super) fn mark(folder: &Path, mark: &str, text: &[u8]) -> Result<(), BackupError> {
    let path = folder.join(mark);
    fs::write(&path, text).map_err(refused("write", &path))
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
    for entry in entries {
        copy_file(&from.join(&entry.path), &folder.join(&entry.path), pace)?;
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
fn copy_file(from: &Path, to: &Path, pace: Pace) -> Result<(), BackupError> {
    let parent = to.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(refused("make", parent))?;
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let mut source = File::open(from).map_err(refused("read", from))?;
    let mut target = File::create(part).map_err(refused("write", part))?;
    pace.copy(&mut source, &mut target)
        .map_err(refused("write", part))?;
    target.sync_all().map_err(refused("write", part))?;
    fs::rename(part, to).map_err(refused("write", to))
}

pub(super) fn fetch(from: &Path, parts: &[&str], into: &Path) -> Result<(), BackupError> {
    let mut entries = Vec::new();
    for part in parts {
        walk(from, Path::new(part), &mut entries)?;
    }
    send(from, into, &entries, Pace::default())
}
