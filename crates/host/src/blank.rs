//! Whether a block device is blank, so that a volume may be made on it.
//!
//! Invariant: "blank" is proven and never assumed: the kernel lends the device to us alone, it has no partitions, no
//! known signature, and nothing but zeros where every kind of file system begins and ends. A device that was encrypted
//! without a header looks like noise and is refused as well. Nothing is written here. Start at [`check_device`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::stat::{major, minor};

use crate::run::{Call, Program, RunError};

/// Superblocks, partition tables and headers of volumes lie in the first and last of these bytes.
const EDGE_BYTES: u64 = 4 << 20;

/// Why nothing is made on a device.
#[derive(Debug, thiserror::Error)]
pub enum BlankError {
    /// It is a file, a folder, a terminal.
    #[error("{} is no block device; name one such as /dev/sdb, or use --file for a container file", .path.display())]
    NotADevice {
        /// What it is not.
        path: PathBuf,
    },
    /// The kernel says that somebody has it.
    #[error("{} is in use (mounted, swap, or part of a volume); name a device that nobody uses", .path.display())]
    InUse {
        /// The device.
        path: PathBuf,
    },
    /// There are partitions on it.
    #[error("{} has partitions; name one of them that is blank, or another device", .path.display())]
    Partitioned {
        /// The device.
        path: PathBuf,
    },
    /// A file system, a volume, a partition table.
    #[error("{} holds {what}, and nothing is ever overwritten; name a blank device", .path.display())]
    Signed {
        /// The device.
        path: PathBuf,
        /// What blkid(8) calls it.
        what: String,
    },
    /// Bytes that nobody knows.
    #[error("{} is not blank: it holds bytes that belong to nothing known; if nobody needs them, wipe it yourself with `blkdiscard --zeroout`", .path.display())]
    NotZero {
        /// The device.
        path: PathBuf,
    },
    /// It cannot be looked at.
    #[error("cannot look at {}; run this as root and look at the path", .path.display())]
    Refused {
        /// The device.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// blkid failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The size in bytes of a device that is blank.
///
/// # Errors
/// [`BlankError`] with what speaks against it.
pub fn check_device(path: &Path) -> Result<u64, BlankError> {
    let mut device = open_alone(path)?;
    if has_partitions(&device).map_err(refused(path))? {
        return Err(BlankError::Partitioned {
            path: path.to_owned(),
        });
    }
    if let Some(what) = signature(path)? {
        let path = path.to_owned();
        return Err(BlankError::Signed { path, what });
    }
    let size = device.seek(SeekFrom::End(0)).map_err(refused(path))?;
    match has_zeros_only(&mut device, size).map_err(refused(path))? {
        true => Ok(size),
        false => Err(BlankError::NotZero {
            path: path.to_owned(),
        }),
    }
}

/// The size in bytes of a device that nobody uses, whatever is on it.
///
/// # Errors
/// [`BlankError`].
pub fn check_unused(path: &Path) -> Result<u64, BlankError> {
    let mut device = open_alone(path)?;
    device.seek(SeekFrom::End(0)).map_err(refused(path))
}

/// The size in bytes of a device, whoever uses it.
///
/// # Errors
/// [`BlankError::Refused`].
pub fn size(path: &Path) -> Result<u64, BlankError> {
    let opened = File::open(path).and_then(|mut device| device.seek(SeekFrom::End(0)));
    opened.map_err(refused(path))
}

/// On a block device `O_EXCL` asks for it alone: the kernel refuses while it is mounted, swap or held (open(2)).
fn open_alone(path: &Path) -> Result<File, BlankError> {
    let kind = fs::metadata(path).map_err(refused(path))?.file_type();
    if !kind.is_block_device() {
        return Err(BlankError::NotADevice {
            path: path.to_owned(),
        });
    }
    let flags = OFlag::O_EXCL | OFlag::O_NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => BlankError::InUse {
            path: path.to_owned(),
        },
        _ => refused(path)(error),
    })
}

fn has_partitions(device: &File) -> io::Result<bool> {
    let number = device.metadata()?.rdev();
    let folder = format!("/sys/dev/block/{}:{}", major(number), minor(number));
    for entry in fs::read_dir(folder)? {
        if entry?.path().join("partition").exists() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What blkid(8) finds by probing; exit code 2 says "nothing".
fn signature(path: &Path) -> Result<Option<String>, BlankError> {
    let call = Call::new(Program::Blkid)
        .with(["--probe", "--output", "value", "--match-tag", "TYPE"])
        .with(["--match-tag", "PTTYPE"])
        .with([path.as_os_str()]);
    let said = call.ask()?;
    Ok(match said.code {
        Some(2) => None,
        Some(0) if !said.output.trim().is_empty() => Some(said.output.trim().replace('\n', ", ")),
        _ => Some("something that blkid cannot name".to_owned()),
    })
}

fn has_zeros_only(device: &mut (impl Read + Seek), size: u64) -> io::Result<bool> {
    for start in [0, size.saturating_sub(EDGE_BYTES)] {
        device.seek(SeekFrom::Start(start))?;
        let mut left = EDGE_BYTES.min(size);
        let mut piece = [0; 65536];
        while left > 0 {
            let wanted = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            device.read_exact(&mut piece[..wanted])?;
            if piece[..wanted].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            left -= wanted as u64;
        }
    }
    Ok(true)
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> BlankError {
    let path = path.to_owned();
    move |source| BlankError::Refused { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn one_byte_at_either_edge_is_not_blank() {
        let size = 3 * EDGE_BYTES;
        let blank = || vec![0_u8; usize::try_from(size).unwrap()];
        assert!(has_zeros_only(&mut Cursor::new(blank()), size).unwrap());
        for place in [0, EDGE_BYTES - 1, size - EDGE_BYTES, size - 1] {
            let mut bytes = blank();
            bytes[usize::try_from(place).unwrap()] = 1;
            assert!(!has_zeros_only(&mut Cursor::new(bytes), size).unwrap(), "{place}");
        }
    }

    #[test]
    fn a_device_smaller_than_an_edge_is_looked_at_whole() {
        assert!(has_zeros_only(&mut Cursor::new(vec![0; 100]), 100).unwrap());
        assert!(!has_zeros_only(&mut Cursor::new(vec![7; 100]), 100).unwrap());
    }

    #[test]
    fn what_is_no_block_device_is_refused_by_name() {
        for path in ["/etc/passwd", "/tmp", "/dev/null"] {
            let refused = check_device(Path::new(path)).unwrap_err();
            assert!(matches!(refused, BlankError::NotADevice { .. }), "{refused}");
        }
        let absent = check_device(Path::new("/dev/no-such-device")).unwrap_err();
        assert!(matches!(absent, BlankError::Refused { .. }), "{absent}");
    }
}
