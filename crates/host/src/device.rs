//! Block devices and what they stand on, from `/sys/dev/block`.
//!
//! Invariant: a device counts as encrypted only if dm-crypt says so of itself or of **every** device below
//! it; what the kernel does not show is unknown, never encrypted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Deeper than any stack of volumes, mirrors and loops; a circle ends here.
const DEPTH_MAX: usize = 16;

/// What the kernel says of a block device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It, or everything below it, is dm-crypt's.
    Encrypted {
        /// By what: `LUKS2`, `LUKS1`, `PLAIN`.
        by: String,
        /// The name of the dm-crypt device; of the first where there are several.
        device: String,
    },
    /// It, or something below it, is a plain device.
    Plain {
        /// The name of the plain device.
        device: String,
    },
    /// A loop device; the encryption is that of the file's place.
    File {
        /// The file.
        path: PathBuf,
    },
    /// The kernel does not show it, as in a container without its devices.
    Hidden {
        /// What could not be seen.
        what: String,
    },
}

/// Looks at the device with these numbers (`254:0`) and at all below it.
#[must_use]
pub fn look(numbers: &str, root: &Path) -> Found {
    let link = root.join("sys/dev/block").join(numbers);
    match link.canonicalize() {
        Ok(folder) => walk(&folder, DEPTH_MAX),
        Err(_) => hidden(&link),
    }
}

/// Looks at the device with this name in `/sys/class/block`.
#[must_use]
pub fn look_named(name: &str, root: &Path) -> Found {
    let link = root.join("sys/class/block").join(name);
    match link.canonicalize() {
        Ok(folder) => walk(&folder, DEPTH_MAX),
        Err(_) => hidden(&link),
    }
}

fn hidden(path: &Path) -> Found {
    Found::Hidden {
        what: format!("{} is not shown here", path.display()),
    }
}

fn walk(folder: &Path, depth: usize) -> Found {
    let device = name_of(folder);
    if depth == 0 {
        return hidden(folder);
    }
    if let Some(by) = crypt(folder) {
        return Found::Encrypted { by, device };
    }
    if let Ok(file) = fs::read_to_string(folder.join("loop/backing_file")) {
        return Found::File {
            path: file.trim_end().into(),
        };
    }
    match below(folder) {
        Ok(slaves) if !slaves.is_empty() => weakest(&slaves, depth),
        // A partition stands on its disk, whose folder holds its own.
        Ok(_) | Err(_) if folder.join("partition").exists() => match folder.parent() {
            Some(disk) => walk(disk, depth - 1),
            None => hidden(folder),
        },
        Ok(_) => Found::Plain { device },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Plain { device },
        Err(_) => hidden(&folder.join("slaves")),
    }
}

/// The first that is not encrypted; the first encrypted one if all are.
fn weakest(slaves: &[PathBuf], depth: usize) -> Found {
    let mut found = slaves.iter().map(|slave| walk(slave, depth - 1));
    let first = found
        .next()
        .unwrap_or_else(|| hidden(Path::new("/sys/dev/block")));
    if !matches!(first, Found::Encrypted { .. }) {
        return first;
    }
    found
        .find(|other| !matches!(other, Found::Encrypted { .. }))
        .unwrap_or(first)
}

/// `CRYPT-LUKS2-<uuid>-<name>` is how cryptsetup names what it makes.
fn crypt(folder: &Path) -> Option<String> {
    let uuid = fs::read_to_string(folder.join("dm/uuid")).ok()?;
    let rest = uuid.strip_prefix("CRYPT-")?;
    Some(rest.split('-').next().unwrap_or(rest).trim().to_owned())
}

fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut slaves = Vec::new();
    for entry in fs::read_dir(folder.join("slaves"))? {
        slaves.push(entry?.path().canonicalize()?);
    }
    slaves.sort();
    Ok(slaves)
}

fn name_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
pub(crate) mod tests;
