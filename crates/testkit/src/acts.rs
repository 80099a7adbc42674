//! Which acts the tests have entered into audit logs, over all processes of a run.
//!
//! Invariant: what is told here was sealed into an entry by the platform itself, which tells each act by its name
//! (`platform::act::ENTERED`); nothing is claimed by a table. Start at [`record`]; [`seen`] reads what all of them left; `cargo xtask test` begins
//! by emptying the folder.

use anyhow::{Context, Result};
use std::{
    collections::BTreeSet,
    env, fs,
    fs::File,
    io::Write,
    path::PathBuf,
    process,
    sync::{Mutex, Once, PoisonError},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    metadata::LevelFilter,
    span::{Attributes, Id, Record},
};

/// Where the platform tells them.
const TARGET: &str = "strongroom.act";

/// Listens in this process from now on. A test that listens to all events itself goes on without.
pub fn record() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        // What cannot be written is missed at the end of the run, and told there.
        if let Ok(recorder) = Recorder::open() {
            drop(tracing::subscriber::set_global_default(recorder));
        }
    });
}

/// The folder, beside what was built.
fn folder() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file());
    Ok(target
        .context("this program lies in no target folder")?
        .join("acts"))
}

/// All that were entered.
///
/// # Errors
/// When the folder cannot be read.
pub fn seen() -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder()?).context("no test has entered anything")? {
        found.extend(fs::read_to_string(entry?.path())?.lines().map(str::to_owned));
    }
    Ok(found)
}

struct Recorder(Mutex<(BTreeSet<String>, File)>);

impl Recorder {
    fn open() -> Result<Self> {
        let folder = folder()?;
        fs::create_dir_all(&folder)?;
        let path = folder.join(process::id().to_string());
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self(Mutex::new((BTreeSet::new(), file))))
    }
}

impl Visit for &Recorder {
    fn record_str(&mut self, _: &Field, value: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, file) = &mut *held;
        if seen.insert(value.to_owned()) {
            // As with a folder that cannot be made.
            drop(writeln!(file, "{value}"));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
