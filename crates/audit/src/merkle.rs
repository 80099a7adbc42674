//! The Merkle tree of RFC 6962 section 2.1: hashes, streaming roots, proofs.
//!
//! Invariant: a leaf and a node never hash alike (0x00 and 0x01 stand before them), so a proof cannot pass a
//! node off as a leaf. Start at [`root`] for a list and at [`Tree`] for a stream.

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
        let mut hash = leaf;
        // Two subtrees of one height make one of the next, as in a binary counter's carry.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
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

/// The root over leaves given by their bytes; a bulk act passes its records' commitments in order.
#[must_use]
pub fn root<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Hash {
    let mut tree = Tree::default();
    leaves.into_iter().for_each(|leaf| tree.push(leaf.as_ref()));
    tree.root()
}

#[cfg(test)]
mod tests;
