//! What a person sees meanwhile, on standard error: nothing for a second, then one line that is written over.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A verification that is done sooner says nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(200);

/// How far the verification is.
#[derive(Debug)]
pub(crate) struct Progress {
    bytes_max: Option<u64>,
    state: Option<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    bytes: u64,
    due: Instant,
    is_shown: bool,
}

impl Progress {
    /// Begins; `bytes` is the length of the export where it is known.
    pub(crate) fn begin(bytes: Option<u64>, is_quiet: bool) -> Self {
        let is_wanted = !is_quiet && io::stderr().is_terminal();
        let state = is_wanted.then(|| {
            Mutex::new(State {
                bytes: 0,
                due: Instant::now() + PATIENCE,
                is_shown: false,
            })
        });
        Self {
            bytes_max: bytes.filter(|bytes| *bytes > 0),
            state,
        }
    }

    /// So many bytes more, and so many leaves in all.
    pub(crate) fn advance(&self, bytes: usize, leaves: u64) {
        let Some(Ok(mut state)) = self.state.as_ref().map(Mutex::lock) else {
            return;
        };
        state.bytes += bytes as u64;
        if Instant::now() < state.due {
            return;
        }
        state.due = Instant::now() + INTERVAL;
        state.is_shown = true;
        let part = match self.bytes_max {
            Some(max) => format!("{:3} %", (state.bytes * 100 / max).min(100)),
            None => format!("{} MiB", state.bytes >> 20),
        };
        // That nobody may be there to see it is no failure.
        let _ = write!(io::stderr().lock(), "\r\x1b[K{part}, {leaves} leaves");
    }

    /// Takes the line away again.
    pub(crate) fn end(&self) {
        if let Some(Ok(state)) = self.state.as_ref().map(Mutex::lock)
            && state.is_shown
        {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}
