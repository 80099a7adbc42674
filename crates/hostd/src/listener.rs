//! The socket that systemd hands over, as the standard input (`StandardInput=socket`, systemd.exec(5)).
//!
//! Taking it there and not by its number needs neither the environment nor unsafe code.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;

use nix::sys::socket::{getsockopt, sockopt};

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The standard input is something else.
    #[error(
        "the standard input is no listening socket; strongroom-hostd is started by systemd (`systemctl start strongroom-hostd.socket`)"
    )]
    NoSocket,
    /// The kernel refused.
    #[error("the socket cannot be taken over")]
    Refused(#[source] io::Error),
}

/// The listening unix socket on the standard input.
///
/// # Errors
/// [`TakeError`].
pub fn from_stdin() -> Result<UnixListener, TakeError> {
    let stdin = io::stdin();
    if !getsockopt(&stdin, sockopt::AcceptConn).unwrap_or(false) {
        return Err(TakeError::NoSocket);
    }
    let owned = stdin.as_fd().try_clone_to_owned().map_err(TakeError::Refused)?;
    let listener = UnixListener::from(owned);
    // A socket of another family has no address of ours.
    listener.local_addr().map_err(|_| TakeError::NoSocket)?;
    Ok(listener)
}
