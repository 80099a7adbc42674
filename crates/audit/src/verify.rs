//! Checks an export against what an auditor trusts, and says apart whether what it shows is what was committed to
//! (integrity) and whether anything is left out (completeness).
//!
//! Three steps, of which the middle one may run on several processors at once: [`crate::export::Reader`] cuts the file
//! into batches, [`examine`] does the hashing of one, [`Verifier::take`] compares what came out, in order.
//! Invariant: nothing of the export is believed before a pinned key has signed the root that its leaves lead to; a
//! verdict of [`Verdict::Holds`] means that every check of docs/AUDIT-EXPORT.md was made. Start at [`verify`].

mod entry;
mod examine;
mod fault;
mod gone;
mod held;
mod home;
mod image;
mod judge;
mod report;
mod since;
mod transaction;

pub use examine::{Examined, examine};
pub use fault::{Fault, FaultKind, Side, uuid};
pub use held::Held;
pub use judge::Verifier;
pub use report::{
    Counts, EXPLANATIONS_MAX, Explained, Explanation, FAULTS_MAX, Lost, Report, Shown, Verdict,
};

use crate::checkpoint::Checkpoint;
use crate::export::{ReadError, Reader};
use crate::policy::Policy;
use std::io::{self, Read};

/// Checks an export on one processor.
///
/// `since` is a checkpoint that the auditor has seen before, and trusts.
///
/// # Errors
/// The source cannot be read. A damaged export is no error but a verdict.
pub fn verify(source: impl Read, policy: &Policy, since: Option<&Checkpoint>) -> io::Result<Report> {
    let (preamble, mut reader) = match Reader::open(source) {
        Ok(opened) => opened,
        Err(ReadError::Read(error)) => return Err(error),
        Err(ReadError::Format(error)) => return Ok(Report::of_damaged(error)),
    };
    let mut verifier = Verifier::begin(&preamble, policy, since);
    loop {
        match reader.next_batch() {
            Ok(Some(batch)) => verifier.take(examine(&batch)),
            Ok(None) => return Ok(verifier.finish(None)),
            Err(ReadError::Read(error)) => return Err(error),
            Err(ReadError::Format(error)) => return Ok(verifier.finish(Some(error))),
        }
    }
}
