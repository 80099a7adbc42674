//! How fast a copy may be sent, so that it leaves the line to those who work.

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

/// What one turn of a slowed copy takes at most.
const PIECE_BYTES: usize = 64 * 1024;

/// A bound in bytes per second, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace(Option<NonZeroU64>);

impl Pace {
    /// At most so many bytes per second.
    #[must_use]
    pub fn at_most(bytes_per_second: Option<NonZeroU64>) -> Self {
        Self(bytes_per_second)
    }

    /// The bound.
    #[must_use]
    pub fn bytes_per_second(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }

    /// What may be sent in such a time; none where there is no bound.
    pub(super) fn bytes_in(self, time: Duration) -> Option<u64> {
        let bytes = |rate: u64| rate.saturating_mul(time.as_secs());
        self.bytes_per_second().map(bytes)
    }

    /// The same in thousands of bits, as OpenSSH's clients take it; never none of them.
    pub(super) fn kilobits_per_second(self) -> Option<u64> {
        self.bytes_per_second().map(|bytes| (bytes / 125).max(1))
    }

    /// Copies all of a file, no faster than is allowed on the whole.
    pub(super) fn copy(self, source: &mut File, target: &mut File) -> io::Result<u64> {
        let Some(rate) = self.bytes_per_second() else {
            return io::copy(source, target);
        };
        let (began, mut copied) = (Instant::now(), 0_u64);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = source.read(&mut piece)?;
            if read == 0 {
                return Ok(copied);
            }
            target.write_all(&piece[..read])?;
            copied += read as u64;
            thread::sleep(due(copied, rate).saturating_sub(began.elapsed()));
        }
    }
}

/// After so long, so much may have been copied.
fn due(copied: u64, rate: u64) -> Duration {
    Duration::from_secs(copied / rate) + Duration::from_millis(copied % rate * 1000 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_is_never_ahead_of_its_time() {
        assert_eq!(due(3_500_000, 1_000_000), Duration::from_millis(3500));
        assert_eq!(due(10, 1_000_000), Duration::ZERO);
        let pace = Pace::at_most(NonZeroU64::new(1_000_000));
        assert_eq!(pace.kilobits_per_second(), Some(8000));
        assert_eq!(Pace::at_most(NonZeroU64::new(1)).kilobits_per_second(), Some(1));
    }

    #[test]
    fn a_slowed_copy_is_whole_and_takes_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, vec![7_u8; 300_000]).unwrap();
        let began = Instant::now();
        let pace = Pace::at_most(NonZeroU64::new(1_000_000));
        let copied = pace.copy(&mut File::open(&from).unwrap(), &mut File::create(&to).unwrap());
        // It sleeps; nothing on a busy machine makes that shorter.
        assert!(began.elapsed() >= Duration::from_millis(290));
        assert_eq!(copied.unwrap(), 300_000);
        assert_eq!(std::fs::read(&to).unwrap(), vec![7_u8; 300_000]);
    }
}
