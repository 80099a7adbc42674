//! The Merkle tree of RFC 6962 section 2.1: hashes, streaming roots, proofs.
//!
//! Invariant: a leaf and a node never hash alike (0x00 and 0x01 stand before them), so a proof cannot pass a
//! node off as a leaf. Start at [`root`] for a list, at [`Tree`] for a stream, and at
//! [`crate::tile`] for a tree that is kept in files.

mod proof;

pub use proof::{ProofError, check_consistency, check_inclusion, prove_consistency, prove_inclusion};

use openssl::sha::{Sha256, sha256};

/// A hash in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of a leaf: `SHA-256(0x00 || leaf)`.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&[0]);
    hash.update(leaf);
    Hash(hash.finish())
}

/// The hash of a node: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(&[1]);
    hash.update(&left.0);
    hash.update(&right.0);
    Hash(hash.finish())
}

/// A growing tree of which only the roots of its complete subtrees are kept: memory grows with the logarithm of
/// the size, so a bulk act of any length gets its root while its records stream by.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    /// Roots of the complete subtrees, the largest first: one for each bit set in `size`.
    peaks: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf by its bytes.
    pub fn push(&mut self, leaf: &[u8]) {
        self.push_hash(leaf_hash(leaf));
    }

    /// Adds a leaf by its hash.
    pub fn push_hash(&mut self, leaf: Hash) {
        self.carry(0, leaf);
        self.size += 1;
    }

    /// Adds a complete subtree of `2^height` leaves by its root.
    ///
    /// # Errors
    /// The tree does not end where such a subtree may begin (a multiple of its leaves), or would have more leaves than
    /// can be counted.
    pub fn push_subtree(&mut self, height: u32, root: Hash) -> Result<(), SubtreeError> {
        let fault = SubtreeError {
            height,
            at: self.size,
        };
        let leaves = 1_u64.checked_shl(height).ok_or(fault)?;
        if !self.size.is_multiple_of(leaves) {
            return Err(fault);
        }
        let size = self.size.checked_add(leaves).ok_or(fault)?;
        self.carry(height, root);
        self.size = size;
        Ok(())
    }

    /// Two subtrees of one height make one of the next, as in a binary counter's carry.
    fn carry(&mut self, height: u32, root: Hash) {
        let mut hash = root;
        for _ in 0..(self.size >> height).trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root; of an empty tree, the SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self
            .peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(|| Hash(sha256(&[])))
    }
}

/// A complete subtree cannot stand at the end of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a complete subtree of height {height} cannot begin at leaf {at}")]
pub struct SubtreeError {
    /// Height of the subtree: it has `2^height` leaves.
    pub height: u32,
    /// Number of leaves before it.
    pub at: u64,
}

/// The root over leaves given by their bytes; a bulk act passes its records' commitments in order.
#[must_use]
pub fn root<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Hash {
    let mut tree = Tree::default();
    leaves.into_iter().for_each(|leaf| tree.push(leaf.as_ref()));
    tree.root()
}

#[cfg(test)]
mod tests;
