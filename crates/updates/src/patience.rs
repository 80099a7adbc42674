//! Reading from what may never answer: a pipe, a network's file system, a worn stick.
//!
//! Invariant: no wait is longer than the stall, and after the grace the whole is never slower than the rate.
//! A regular file on a disk that hangs in the kernel cannot be left; a file system over a network can.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::refusal::Refusal;

/// How long one waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest wait for the next byte.
    pub stall: Duration,
    /// The least bytes per second, on the whole.
    pub bytes_per_second: u64,
    /// From when on the rate counts.
    pub grace: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(30),
            bytes_per_second: 64 << 10,
            grace: Duration::from_secs(60),
        }
    }
}

/// A source that is waited for with patience.
#[derive(Debug)]
pub struct Patient<R> {
    source: R,
    patience: Patience,
    begun: Instant,
    bytes: u64,
}

/// What a reader says when patience ends; it travels inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
enum Impatience {
    #[error("no byte for {0} s")]
    Stalled(u64),
    #[error("less than {0} bytes per second")]
    TooSlow(u64),
}

/// Opens a file, a pipe or a device to read from it. A pipe without a writer is an empty file.
///
/// # Errors
/// As `open(2)`.
pub fn open(path: &Path, patience: Patience) -> io::Result<Patient<File>> {
    // Not blocking: opening a pipe would wait for a writer without end.
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
    let source = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    Ok(Patient::new(source, patience))
}

impl<R: Read + AsFd> Patient<R> {
    /// Begins to wait. The source should not block.
    pub fn new(source: R, patience: Patience) -> Self {
        Self {
            source,
            patience,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    fn wait(&self) -> io::Result<()> {
        let mut asked = [PollFd::new(self.source.as_fd(), PollFlags::POLLIN)];
        let stall = PollTimeout::try_from(self.patience.stall).unwrap_or(PollTimeout::MAX);
        match poll(&mut asked, stall)? {
            0 => Err(io::Error::other(Impatience::Stalled(
                self.patience.stall.as_secs(),
            ))),
            _ => Ok(()),
        }
    }

    fn check_rate(&self) -> io::Result<()> {
        let elapsed = self.begun.elapsed();
        let least = self.patience.bytes_per_second;
        let wanted = u128::from(least) * elapsed.as_millis() / 1000;
        if elapsed > self.patience.grace && u128::from(self.bytes) < wanted {
            return Err(io::Error::other(Impatience::TooSlow(least)));
        }
        Ok(())
    }
}

impl<R: Read + AsFd> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait()?;
            self.check_rate()?;
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.bytes += read as u64;
                    return Ok(read);
                }
            }
        }
    }
}

/// What a failed read means.
pub(crate) fn refusal_of(source: io::Error) -> Refusal {
    match source.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(Impatience::Stalled(seconds)) => Refusal::Stalled { seconds: *seconds },
        Some(Impatience::TooSlow(bytes)) => Refusal::TooSlow {
            bytes_per_second: *bytes,
        },
        None => Refusal::Unreadable { source },
    }
}
