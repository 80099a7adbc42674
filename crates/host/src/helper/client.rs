//! Asking the helper.
//!
//! Invariant: every wait has a deadline; that there is no helper is told apart from a helper that refuses.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, setsockopt, socket, sockopt};
use nix::sys::time::TimeVal;

use super::SOCKET;
use super::frame::{FrameError, Frames};
use super::message::{self, Answer, ErrorName};
use super::method::Method;

/// systemd takes connections at once, also before the helper runs.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
const SEND_DEADLINE: Duration = Duration::from_secs(5);
/// Longer than the slowest verb, which waits for a daemon to start anew.
const ANSWER_DEADLINE: Duration = Duration::from_secs(120);
const FRAME_DEADLINE: Duration = Duration::from_secs(5);

/// A connection to the helper.
#[derive(Debug)]
pub struct Helper {
    frames: Frames,
}

/// Why the helper gave no reply.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// Nobody listens there.
    #[error("there is no root helper at {}; look at `systemctl status strongroom-hostd.socket`", .path.display())]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// This user may not connect, or the caller may not do this.
    #[error("the root helper does not allow this: {why}")]
    NotAllowed {
        /// Its sentence.
        why: String,
    },
    /// It refused: too often, out of bounds, not known, nothing to confirm.
    #[error("the root helper refused ({}): {why}", .name.as_str())]
    Refused {
        /// Which refusal.
        name: ErrorName,
        /// Its sentence.
        why: String,
    },
    /// It tried, and could not.
    #[error("the root helper could not do it: {why}")]
    Failed {
        /// Its sentence.
        why: String,
    },
    /// The connection failed, or it took too long.
    #[error("the root helper does not answer; look at `journalctl -u strongroom-hostd`")]
    Silent(#[from] FrameError),
    /// It answered something else.
    #[error(
        "the root helper's answer to {method} is not understood; is it another version? restart strongroom-hostd"
    )]
    Garbled {
        /// The method that was called.
        method: &'static str,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

impl Helper {
    /// Connects to the helper of this machine.
    ///
    /// # Errors
    /// [`HelperError::Absent`], [`HelperError::NotAllowed`], [`HelperError::Silent`].
    pub fn connect() -> Result<Self, HelperError> {
        Self::connect_to(Path::new(SOCKET))
    }

    /// Connects to the helper behind a socket.
    ///
    /// # Errors
    /// As [`Helper::connect`].
    pub fn connect_to(path: &Path) -> Result<Self, HelperError> {
        match connected(path) {
            Ok(stream) => Ok(Self {
                frames: Frames::new(stream),
            }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::PermissionDenied => HelperError::NotAllowed {
                    why: format!(
                        "only root and the daemons' user may connect to {}",
                        path.display()
                    ),
                },
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => FrameError::TookTooLong.into(),
                _ => HelperError::Absent {
                    path: path.to_owned(),
                    source: error,
                },
            }),
        }
    }

    /// Calls a method and waits for its reply. Blocks for two minutes at most.
    ///
    /// # Errors
    /// Any [`HelperError`].
    pub fn call<M: Method>(&mut self, method: &M) -> Result<M::Reply, HelperError> {
        let garbled = |source| HelperError::Garbled {
            method: M::NAME,
            source,
        };
        let call = message::call(M::NAME, method).map_err(garbled)?;
        self.frames.send(&call, SEND_DEADLINE)?;
        let answer = self.frames.next(ANSWER_DEADLINE, FRAME_DEADLINE)?;
        let answer = answer.ok_or(FrameError::Torn)?;
        match Answer::parse(&answer).map_err(garbled)? {
            Answer::Done(reply) => serde_json::from_value(reply).map_err(garbled),
            Answer::Refused(refusal) => Err(match refusal.name {
                ErrorName::NotAllowed => HelperError::NotAllowed { why: refusal.why },
                ErrorName::Failed => HelperError::Failed { why: refusal.why },
                name => HelperError::Refused {
                    name,
                    why: refusal.why,
                },
            }),
        }
    }
}

/// The standard library's `connect` would wait for ever where the helper's queue is full.
fn connected(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let descriptor = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    let deadline = TimeVal::new(CONNECT_DEADLINE.as_secs().cast_signed(), 0);
    setsockopt(&descriptor, sockopt::SendTimeout, &deadline)?;
    let address = UnixAddr::new(path)?;
    connect(std::os::fd::AsRawFd::as_raw_fd(&descriptor), &address)?;
    Ok(UnixStream::from(descriptor))
}
