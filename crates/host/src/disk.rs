//! A disk as the appliance feels it: the space that is left, and how long it takes until a write is really
//! there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};

/// How many writes are timed.
const WRITES: usize = 8;
/// As PostgreSQL's pages.
const WRITE_BYTES: usize = 8192;

/// How much is written to measure a rate: more than a disk's own cache takes at once.
const RATE_PIECES: usize = 32;
const RATE_PIECE_BYTES: usize = 1 << 20;

/// Less of a disk than this part is little, unless it is more than so many bytes.
const FREE_PARTS_MIN: u64 = 10;
const FREE_BYTES_MIN: u64 = 20_000_000_000;
/// Less than this part is little however large the disk is.
const FREE_PARTS_LEAST: u64 = 50;

/// The space of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// For everybody, in bytes, root's reserve aside.
    pub free_bytes: u64,
    /// In all, in bytes.
    pub total_bytes: u64,
}

impl Space {
    /// Somebody should make room before it is full.
    #[must_use]
    pub fn is_little(self) -> bool {
        let is_below = |parts: u64| self.free_bytes < self.total_bytes / parts;
        (is_below(FREE_PARTS_MIN) && self.free_bytes < FREE_BYTES_MIN) || is_below(FREE_PARTS_LEAST)
    }

    /// As people read it.
    #[must_use]
    pub fn told(self) -> String {
        let megabytes = |bytes: u64| bytes / 1_000_000;
        format!(
            "{} MB free of {} MB",
            megabytes(self.free_bytes),
            megabytes(self.total_bytes)
        )
    }
}

/// The innermost part of the path that is there.
#[must_use]
pub fn nearest(path: &Path) -> PathBuf {
    let there = path.ancestors().find(|path| path.exists());
    there.unwrap_or(Path::new("/")).to_owned()
}

/// The space of the file system that holds the path, or will.
///
/// # Errors
/// As the kernel answers.
pub fn space(path: &Path) -> io::Result<Space> {
    let found = statvfs(&nearest(path))?;
    let block = found.fragment_size();
    Ok(Space {
        free_bytes: found.blocks_available().saturating_mul(block),
        total_bytes: found.blocks().saturating_mul(block),
    })
}

/// The middle of some timed writes with fsync below the path, or where it will be. The file is removed again.
///
/// # Errors
/// As the kernel answers; a full disk among them.
pub fn sync_time(path: &Path) -> io::Result<Duration> {
    let name = nearest(path).join(format!(".strongroom-sync-time.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&name)?;
    // Without its name the file goes when this process does, however that ends.
    fs::remove_file(&name)?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let begun = Instant::now();
        file.write_all(&[0; WRITE_BYTES])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[WRITES / 2])
}

/// Bytes a second that come to be really there, by one large write below the path, or where it will be. The file is
/// removed again.
///
/// # Errors
/// As [`sync_time`].
pub fn write_rate(path: &Path) -> io::Result<u64> {
    let name = nearest(path).join(format!(".strongroom-write-rate.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&name)?;
    fs::remove_file(&name)?;
    let begun = Instant::now();
    let piece = vec![0; RATE_PIECE_BYTES];
    for _ in 0..RATE_PIECES {
        file.write_all(&piece)?;
    }
    file.sync_data()?;
    let millis = u64::try_from(begun.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    Ok((RATE_PIECES * RATE_PIECE_BYTES) as u64 * 1000 / millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_yet_is_looked_at_where_it_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let later = folder.path().join("a/b/c");
        assert_eq!(nearest(&later), folder.path());
        let space = space(&later).unwrap();
        assert!(
            space.free_bytes > 0 && space.free_bytes <= space.total_bytes,
            "{space:?}"
        );
    }

    #[test]
    fn room_is_little_on_a_small_disk_sooner_than_on_a_large_one() {
        let gigabytes = |free: u64, total: u64| Space {
            free_bytes: free * 1_000_000_000,
            total_bytes: total * 1_000_000_000,
        };
        for (free, total) in [(9, 100), (19, 270), (70, 4000), (0, 1)] {
            assert!(gigabytes(free, total).is_little(), "{free} of {total}");
        }
        for (free, total) in [(11, 100), (26, 270), (90, 4000)] {
            assert!(!gigabytes(free, total).is_little(), "{free} of {total}");
        }
    }

    #[test]
    fn timing_leaves_nothing_behind_and_says_when_it_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync_time(folder.path()).unwrap() < Duration::from_secs(30));
        assert!(write_rate(folder.path()).unwrap() > 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(sync_time(Path::new("/proc/self")).is_err());
        assert!(write_rate(Path::new("/proc/self")).is_err());
    }
}
