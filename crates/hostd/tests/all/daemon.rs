//! The program, started on a socket of the test's own.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use host::helper::Helper;
use nix::sys::socket::{getsockopt, sockopt};
use tempfile::TempDir;

/// A helper that runs, and is ended with its test.
pub(super) struct Daemon {
    pub(super) child: Child,
    folder: TempDir,
}

impl Daemon {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("sock")).unwrap();
        let journal = File::create(folder.path().join("journal")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_strongroom-hostd"))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(journal)
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("sock")
    }

    pub(super) fn helper(&self) -> Helper {
        Helper::connect_to(&self.socket()).unwrap()
    }

    /// A connection without the client's manners; nothing is waited for longer than this.
    pub(super) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    pub(super) fn journal(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("journal")).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// All that comes until the other side ends the connection.
pub(super) fn rest(stream: &mut UnixStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    stream.read_to_end(&mut bytes).ok();
    String::from_utf8(bytes).unwrap()
}

/// Whether this test process may call at all: only root is sure to be let in.
pub(super) fn is_root() -> bool {
    let (one, _other) = UnixStream::pair().unwrap();
    getsockopt(&one, sockopt::PeerCredentials).unwrap().uid() == 0
}
