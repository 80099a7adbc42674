//! Receipts: one leaf, proven to stand in the log (C2SP tlog-proof, <https://c2sp.org/tlog-proof>). A receipt is a text
//! file that its holder keeps; it proves the leaf without the appliance, and later that the log was not rewritten.
//!
//! Invariant: a parsed receipt writes the very bytes that it was parsed from. The leaf travels in the `extra` line,
//! which the format leaves to us and signs nothing of: [`Receipt::check`] hashes it, so a wrong one does not pass.

use crate::fields::DecodeError;
use crate::leaf::{LEAF_BYTES, Leaf};
use crate::merkle::{Hash, ProofError, check_inclusion, leaf_hash};
use crate::note::{Note, NoteError};
use crate::policy::{Policy, TrustError, Trusted};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Longest receipt, in bytes: the note, and a hash for each of 64 levels.
pub const RECEIPT_BYTES_MAX: usize = crate::note::NOTE_BYTES_MAX + 8 * 1024;
/// Levels of the largest tree.
const HASHES_MAX: usize = 64;

/// One leaf and its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The leaf.
    pub leaf: [u8; LEAF_BYTES],
    /// Its index in the log, from 0.
    pub index: u64,
    /// Hashes from the leaf's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint of the tree that the proof is for.
    pub checkpoint: Note,
}

/// Why a text is no receipt, or a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// A line is not what its place asks for.
    #[error("the receipt has no {expected} where one should stand")]
    Line {
        /// What should stand there.
        expected: &'static str,
    },
    /// The checkpoint is no signed note.
    #[error("the receipt's checkpoint is no signed note")]
    Note(#[from] NoteError),
    /// The leaf is none of format version 1.
    #[error("the receipt's leaf is none of format version 1")]
    Leaf(#[from] DecodeError),
    /// The policy does not accept the checkpoint.
    #[error("the receipt's checkpoint is not accepted")]
    Trust(#[from] TrustError),
    /// The proof does not lead from the leaf to the checkpoint's root.
    #[error("the receipt's leaf is not in the log that its checkpoint is of")]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// The receipt that `bytes` are.
    ///
    /// # Errors
    /// They are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let line = |expected| ReceiptError::Line { expected };
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() <= RECEIPT_BYTES_MAX)
            .ok_or(line("plain text"))?;
        let (head, note) = text.split_once("\n\n").ok_or(line("blank line"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(line(FIRST_LINE));
        }
        let leaf = lines.next().and_then(|line| line.strip_prefix("extra "));
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let parsed = Self {
            leaf: leaf.and_then(decode).ok_or(line("leaf"))?,
            index: index.and_then(|index| index.parse().ok()).ok_or(line("index"))?,
            hashes: lines
                .map(|line| decode(line).map(Hash))
                .collect::<Option<Vec<_>>>()
                .filter(|hashes| hashes.len() <= HASHES_MAX)
                .ok_or(line("hash"))?,
            checkpoint: Note::parse(note.as_bytes())?,
        };
        // Leading zeroes and the like show as another spelling.
        if parsed.to_string() == text {
            Ok(parsed)
        } else {
            Err(line("index"))
        }
    }

    /// Checks the receipt against what its holder trusts, and gives the leaf.
    ///
    /// # Errors
    /// It proves nothing.
    pub fn check(&self, policy: &Policy) -> Result<(Leaf, Trusted), ReceiptError> {
        let trusted = policy.check(&self.checkpoint)?;
        let leaf = Leaf::decode(&self.leaf)?;
        let Trusted { checkpoint, .. } = &trusted;
        check_inclusion(
            leaf_hash(&self.leaf),
            self.index,
            checkpoint.size,
            &self.hashes,
            checkpoint.root,
        )?;
        Ok((leaf, trusted))
    }
}

fn decode<const N: usize>(line: &str) -> Option<[u8; N]> {
    STANDARD.decode(line).ok()?.try_into().ok()
}

/// The text of the file; its name should end in `.tlog-proof`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{FIRST_LINE}\nextra {}\nindex {}",
            STANDARD.encode(self.leaf),
            self.index
        )?;
        self.hashes
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
