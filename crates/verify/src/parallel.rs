//! The verification on all processors: one thread reads, several hash, one compares in order.
//!
//! Invariant: batches are compared in the order of the file, so the report is that of [`audit::verify::verify`]; what
//! waits between the threads is bounded, in number and in bytes.

mod budget;

use crate::progress::Progress;
use audit::Checkpoint;
use audit::export::{Batch, FormatError, ReadError, Reader};
use audit::note::Note;
use audit::rotation::{Followed, Succession};
use audit::verify::{Examined, Held, Report, Verifier, examine};
use budget::Budget;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Batches that wait at each thread, a quarter of a MiB each as a rule.
const WAITING_MAX: usize = 4;
/// More threads than this do not help one reader.
const THREADS_MAX: usize = 16;
/// Bytes of batches between reading and comparing: a batch may be as long as the longest frame, and each thread has some.
const BYTES_MAX: usize = 256 * 1024 * 1024;

/// What an export is compared with.
#[derive(Debug)]
pub(crate) struct Trust<'a> {
    pub(crate) trusted: &'a Succession,
    /// Leaves that announcements have proven.
    pub(crate) followed: &'a [Followed],
    /// An earlier checkpoint.
    pub(crate) since: Option<&'a Checkpoint>,
    /// The leaf of a receipt.
    pub(crate) held: Option<Held>,
}

/// Checks an export; see [`audit::verify::verify`].
pub(crate) fn verify(source: impl Read, trust: Trust<'_>, progress: &Progress) -> io::Result<Report> {
    let (preamble, mut reader) = match Reader::open(source) {
        Ok(opened) => opened,
        Err(ReadError::Read(error)) => return Err(error),
        Err(ReadError::Format(error)) => return Ok(Report::of_damaged(error)),
    };
    let policy = match Note::parse(&preamble.checkpoint) {
        Ok(note) => trust.trusted.of_note(&note),
        Err(_) => trust.trusted.newest(),
    };
    let mut verifier = Verifier::begin(&preamble, policy, trust.since);
    for step in trust.followed {
        verifier = verifier.with_step(step);
    }
    if let Some(held) = trust.held {
        verifier = verifier.with_receipt(held);
    }
    let budget = &Budget::new(BYTES_MAX);
    let count = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS_MAX);
    thread::scope(|scope| {
        let (to, from): (Vec<_>, Vec<_>) = (0..count)
            .map(|_| {
                let (to, batches) = sync_channel(WAITING_MAX);
                let (results, from) = sync_channel(WAITING_MAX);
                scope.spawn(move || hash(&batches, &results));
                (to, from)
            })
            .unzip();
        let comparing = scope.spawn(move || {
            // However the comparing ends, nobody waits for it any more.
            let _open = budget.open();
            compare(&mut verifier, &from, budget, progress);
            verifier
        });
        let damage = read(&mut reader, to, budget);
        // A thread ends early only by a panic, which is passed on.
        let verifier = comparing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(verifier.finish(damage?))
    })
}

/// Hands the batches round, one to each thread in turn; gives where the file is damaged.
fn read<R: Read>(
    reader: &mut Reader<R>,
    to: Vec<SyncSender<Batch>>,
    budget: &Budget,
) -> io::Result<Option<FormatError>> {
    for thread in to.iter().cycle() {
        match reader.next_batch() {
            Ok(Some(batch)) => {
                if !budget.take(batch.length()) || thread.send(batch).is_err() {
                    break;
                }
            }
            Ok(None) => break,
            Err(ReadError::Read(error)) => return Err(error),
            Err(ReadError::Format(error)) => return Ok(Some(error)),
        }
    }
    Ok(None)
}

fn hash(batches: &Receiver<Batch>, results: &SyncSender<(usize, Examined)>) {
    for batch in batches {
        if results.send((batch.length(), examine(&batch))).is_err() {
            return;
        }
    }
}

/// Takes one batch of each thread in turn, as they were handed round; the first that has none has had the last.
fn compare(
    verifier: &mut Verifier,
    from: &[Receiver<(usize, Examined)>],
    budget: &Budget,
    progress: &Progress,
) {
    for thread in from.iter().cycle() {
        let Ok((length, examined)) = thread.recv() else {
            return;
        };
        verifier.take(examined);
        budget.give_back(length);
        progress.advance(length, verifier.size());
    }
}
