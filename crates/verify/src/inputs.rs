//! The files of a verification: export, policy, earlier checkpoint, receipt, announcements of new keys.
//!
//! Invariant: of a policy or a checkpoint no more is read than may be in one. The earlier checkpoint counts only if a
//! key of the policy has signed it; a file that somebody put there proves nothing.

use audit::Checkpoint;
use audit::note::{NOTE_BYTES_MAX, Note, NoteError};
use audit::policy::{POLICY_BYTES_MAX, Policy, PolicyError, TrustError};
use audit::receipt::{RECEIPT_BYTES_MAX, Receipt, ReceiptError};
use audit::rotation::{ANNOUNCEMENT_BYTES_MAX, Announcement, Followed, RotationError, Succession};
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
    /// The announcement of a new key is none, or leads nowhere.
    #[error("{} leads to no new key", file.display())]
    Rotation {
        /// The file.
        file: PathBuf,
        /// Why.
        source: RotationError,
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

fn policy(file: &Path) -> Result<Policy, InputError> {
    let bytes = read(file, POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|source| InputError::Policy {
        file: file.to_owned(),
        source,
    })
}

pub(crate) fn announcement(file: &Path) -> Result<Announcement, InputError> {
    let bytes = read(file, ANNOUNCEMENT_BYTES_MAX)?;
    Announcement::parse(&bytes).map_err(|source| InputError::Rotation {
        file: file.to_owned(),
        source,
    })
}

/// What is trusted: the policy, and what it became by each announcement; with what was followed.
pub(crate) fn trusted(
    file: &Path,
    announcements: &[PathBuf],
) -> Result<(Succession, Vec<Followed>), InputError> {
    let mut succession = Succession::of(policy(file)?);
    let mut followed = Vec::new();
    for file in announcements {
        let step = succession.follow(&announcement(file)?);
        followed.push(step.map_err(|source| InputError::Rotation {
            file: file.clone(),
            source,
        })?);
    }
    Ok((succession, followed))
}

pub(crate) fn since(file: &Path, trusted: &Succession) -> Result<Checkpoint, InputError> {
    let bytes = read(file, NOTE_BYTES_MAX)?;
    let note = Note::parse(&bytes).map_err(|source| InputError::Note {
        file: file.to_owned(),
        source,
    })?;
    let found = trusted.of_note(&note).check(&note);
    let found = found.map_err(|source| InputError::Trust {
        file: file.to_owned(),
        source,
    })?;
    Ok(found.checkpoint)
}

pub(crate) fn receipt(file: &Path) -> Result<Receipt, InputError> {
    let bytes = read(file, RECEIPT_BYTES_MAX)?;
    Receipt::parse(&bytes).map_err(|source| InputError::Receipt {
        file: file.to_owned(),
        source,
    })
}

/// The leaf that a receipt proves.
pub(crate) fn held(file: &Path, trusted: &Succession) -> Result<Held, InputError> {
    let receipt = receipt(file)?;
    Held::of(&receipt, trusted.of_note(&receipt.checkpoint)).map_err(|source| InputError::Held {
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
