//! Checkpoints: what the log says of itself at one size (C2SP tlog-checkpoint, <https://c2sp.org/tlog-checkpoint>).
//!
//! Invariant: a checkpoint has one text, and [`Checkpoint::parse`] accepts no other. It is signed as a note
//! ([`crate::note`]); unsigned it is a claim.

use crate::merkle::Hash;
use crate::note::{KeyName, Note, NoteError};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: a name without a scheme, such as `records.example.org/log`. The log's key has the same name.
    pub origin: KeyName,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that many leaves.
    pub root: Hash,
    /// Lines after these three. This log writes none; witnesses vouch for none.
    pub extensions: Vec<String>,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Fewer than three lines, an empty one, or no end of the last.
    #[error("a checkpoint is three lines or more, none of them empty: origin, size, root")]
    Lines,
    /// The origin could not be the name of a key.
    #[error("the checkpoint's origin is not a name without spaces and plus signs")]
    Origin,
    /// The size is not a decimal number without leading zeroes.
    #[error("the checkpoint's size is not a number")]
    Size,
    /// The root is not 32 bytes in base64.
    #[error("the checkpoint's root is not a hash")]
    Root,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: KeyName, size: u64, root: Hash) -> Self {
        Self {
            origin,
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// The checkpoint that a note's text is.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let mut next = || {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or(CheckpointError::Lines)
        };
        let (origin, size, root) = (next()?, next()?, next()?);
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        let decoded = STANDARD.decode(root).map_err(|_| CheckpointError::Root)?;
        let parsed: u64 = size.parse().map_err(|_| CheckpointError::Size)?;
        if parsed.to_string() != size {
            return Err(CheckpointError::Size);
        }
        Ok(Self {
            origin: KeyName::parse(origin).map_err(|_| CheckpointError::Origin)?,
            size: parsed,
            root: Hash(decoded.try_into().map_err(|_| CheckpointError::Root)?),
            extensions,
        })
    }

    /// The note to be signed.
    ///
    /// # Errors
    /// An extension line has a control character, or there are too many.
    pub fn to_note(&self) -> Result<Note, NoteError> {
        Note::new(self.to_string())
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\n{}\n{}",
            self.origin,
            self.size,
            STANDARD.encode(self.root.0)
        )?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests;
