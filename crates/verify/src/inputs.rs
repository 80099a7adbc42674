//! The files of a verification: export, policy, earlier checkpoint, receipt.
//!
//! Invariant: of a policy or a checkpoint no more is read than may be in one. The earlier checkpoint counts only if a
//! key of the policy has signed it; a file that somebody put there proves nothing.

use audit::Checkpoint;
use audit::note::{NOTE_BYTES_MAX, Note, NoteError};
use audit::policy::{POLICY_BYTES_MAX, Policy, PolicyError, TrustError};
use audit::receipt::{RECEIPT_BYTES_MAX, Receipt, ReceiptError};
use audit::verify::Held;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The policy cannot be used.
    #[error("{} is no policy", file.display())]
    Policy {
        /// The file.
        file: PathBuf,
        /// Its first line at fault.
        source: PolicyError,
    },
    /// The earlier checkpoint is no signed note.
    #[error("{} is no signed checkpoint", file.display())]
    Note {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: NoteError,
    },
    /// The receipt is none.
    #[error("{} is no receipt", file.display())]
    Receipt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: ReceiptError,
    },
    /// The receipt proves nothing, so nothing can be compared with it.
    #[error("the receipt {} proves nothing", file.display())]
    Held {
        /// The file.
        file: PathBuf,
        /// Why.
        source: ReceiptError,
    },
    /// The policy does not accept the earlier checkpoint.
    #[error("the policy does not accept the earlier checkpoint {}", file.display())]
    Trust {
        /// The file.
        file: PathBuf,
        /// Why.
        source: TrustError,
    },
}

impl InputError {
    pub(crate) fn read(file: &Path, source: io::Error) -> Self {
        let file = file.to_owned();
        Self::Read { file, source }
    }
}

pub(crate) fn policy(file: &Path) -> Result<Policy, InputError> {
    let bytes = read(file, POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|source| InputError::Policy {
        file: file.to_owned(),
        source,
    })
}

pub(crate) fn since(file: &Path, policy: &Policy) -> Result<Checkpoint, InputError> {
    let bytes = read(file, NOTE_BYTES_MAX)?;
    let note = Note::parse(&bytes).map_err(|source| InputError::Note {
        file: file.to_owned(),
        source,
    })?;
    let trusted = policy.check(&note).map_err(|source| InputError::Trust {
        file: file.to_owned(),
        source,
    })?;
    Ok(trusted.checkpoint)
}

pub(crate) fn receipt(file: &Path) -> Result<Receipt, InputError> {
    let bytes = read(file, RECEIPT_BYTES_MAX)?;
    Receipt::parse(&bytes).map_err(|source| InputError::Receipt {
        file: file.to_owned(),
        source,
    })
}

/// The leaf that a receipt proves.
pub(crate) fn held(file: &Path, policy: &Policy) -> Result<Held, InputError> {
    Held::of(&receipt(file)?, policy).map_err(|source| InputError::Held {
        file: file.to_owned(),
        source,
    })
}

/// The export, and its length where that is known.
pub(crate) fn export(file: &Path) -> Result<(Box<dyn Read>, Option<u64>), InputError> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let cannot = |source| InputError::read(file, source);
    let opened = File::open(file).map_err(cannot)?;
    let metadata = opened.metadata().map_err(cannot)?;
    let length = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(opened), length))
}

/// At most one byte more than may be there, which is enough to refuse it.
fn read(file: &Path, bytes_max: usize) -> Result<Vec<u8>, InputError> {
    let cannot = |source| InputError::read(file, source);
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(cannot)?;
    opened
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    Ok(bytes)
}
