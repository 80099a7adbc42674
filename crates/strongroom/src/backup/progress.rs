//! How far a run has come, written down for whoever looks at the console.
//!
//! Invariants: a thread gives a sign of life every few seconds, so that a run that was killed is known as one; the note is gone
//! when this value is. That it cannot be written ends no run.

use super::Site;
use crate::output;
use ::host::backup::{
    Repository, engine,
    record::{Doing, Folder, Step, UnderWay},
};
use jiff::Timestamp;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

const EVERY: Duration = Duration::from_secs(5);

/// A run that others can watch.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    record: Folder,
    run: Mutex<UnderWay>,
}

impl Progress {
    /// Of a run that begins now.
    pub(crate) fn begin(site: &Site, doing: Doing) -> Self {
        let now = Timestamp::now();
        let run = UnderWay {
            doing,
            began_at: now,
            seen_at: now,
            steps: Vec::new(),
            bytes: None,
        };
        let shared = Arc::new(Shared {
            record: site.record.clone(),
            run: Mutex::new(run),
        });
        shared.write();
        let (stop, stopped) = mpsc::channel();
        let kept = Arc::clone(&shared);
        let asked = (doing == Doing::Backup).then(|| site.repository.clone());
        let watch = move || kept.watch(asked.as_ref(), &stopped);
        Self {
            shared,
            stop: Some(stop),
            thread: Some(thread::spawn(watch)),
        }
    }

    /// The next step begins; it is said, too.
    pub(crate) fn step(&self, said: &str) {
        output::talk(&format!("  {said}"));
        let mut run = self.shared.run();
        run.steps.push(Step {
            at: Timestamp::now(),
            said: said.to_owned(),
        });
        run.bytes = None;
        drop(run);
        self.shared.write();
    }

    /// The steps so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.shared.run().steps.clone()
    }
}

impl Shared {
    fn run(&self) -> MutexGuard<'_, UnderWay> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) {
        let mut run = self.run();
        run.seen_at = Timestamp::now();
        // A full disk is told by what fails for it.
        self.record.note_under_way(&run).ok();
    }

    /// Until the sender goes.
    fn watch(&self, repository: Option<&Repository>, stopped: &mpsc::Receiver<()>) {
        while matches!(stopped.recv_timeout(EVERY), Err(mpsc::RecvTimeoutError::Timeout)) {
            if let Some(repository) = repository {
                let bytes = engine::progress(repository).ok().flatten();
                self.run().bytes = bytes;
            }
            self.write();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
        self.shared.record.end_under_way().ok();
    }
}
