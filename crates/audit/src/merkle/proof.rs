//! Inclusion and consistency proofs: making them (RFC 6962 section 2.1) and checking them (RFC 9162 sections
//! 2.1.3.2 and 2.1.4.2, which are the same proofs with the checking written out).
//!
//! Invariant: a proof with a hash too many or too few is refused, so one fact has one proof.

use super::{Hash, node_hash};

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index or the sizes cannot be.
    #[error("the proof is about {first} of a tree of {size}, which cannot be")]
    Range {
        /// Index of the leaf, or size of the earlier tree.
        first: u64,
        /// Size of the tree.
        size: u64,
    },
    /// Too many or too few hashes.
    #[error("the proof has {found} hashes, which is not the number such a proof has")]
    Length {
        /// Number of hashes found.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that the leaf of that hash stands at `index` in the tree of `size` leaves with that root.
///
/// # Errors
/// The proof does not hold.
pub fn check_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range { first: index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length { found: proof.len() });
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // The last node of an odd level rises without a sibling until it is a right child.
            let risen = if node & 1 == 0 { node.trailing_zeros() } else { 0 };
            node = node.checked_shr(risen).unwrap_or(0);
            last = last.checked_shr(risen).unwrap_or(0);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    check_end(last, proof, hash == root)
}

/// Checks that the tree of `second_size` leaves begins with the tree of `first_size` leaves.
///
/// # Errors
/// The proof does not hold: the log was rewritten, or the proof is not for these trees.
pub fn check_consistency(
    first_size: u64,
    first_root: Hash,
    second_size: u64,
    second_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if first_size == 0 || first_size > second_size {
        return Err(ProofError::Range {
            first: first_size,
            size: second_size,
        });
    }
    if first_size == second_size {
        return check_end(proof.len() as u64, proof, first_root == second_root);
    }
    // A first tree that is one complete subtree is its own first hash, and the proof leaves it out.
    let (seed, rest) = match proof.split_first() {
        _ if first_size.is_power_of_two() => (first_root, proof),
        Some((seed, rest)) => (*seed, rest),
        None => return Err(ProofError::Length { found: 0 }),
    };
    let complete = (first_size - 1).trailing_ones();
    let mut node = (first_size - 1).checked_shr(complete).unwrap_or(0);
    let mut last = (second_size - 1).checked_shr(complete).unwrap_or(0);
    let (mut first, mut second) = (seed, seed);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length { found: proof.len() });
        }
        if node & 1 == 1 || node == last {
            first = node_hash(sibling, &first);
            second = node_hash(sibling, &second);
            let risen = if node & 1 == 0 { node.trailing_zeros() } else { 0 };
            node = node.checked_shr(risen).unwrap_or(0);
            last = last.checked_shr(risen).unwrap_or(0);
        } else {
            second = node_hash(&second, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    check_end(last, proof, first == first_root && second == second_root)
}

fn check_end(left: u64, proof: &[Hash], roots_agree: bool) -> Result<(), ProofError> {
    match (left, roots_agree) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length { found: proof.len() }),
    }
}

/// The proof that the leaf at `index` stands in the tree of these leaf hashes; nothing when there is no such leaf.
#[must_use]
pub fn prove_inclusion(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    let mut proof = Vec::new();
    let (mut range, mut index) = (leaves, index);
    range.get(index)?;
    while range.len() > 1 {
        let (left, right) = range.split_at(split(range.len()));
        let other = if index < left.len() {
            range = left;
            right
        } else {
            index -= left.len();
            range = right;
            left
        };
        proof.push(root_of(other));
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the tree of these leaf hashes begins with the tree of the first `first_size` of them; nothing
/// when `first_size` is zero or beyond the tree.
#[must_use]
pub fn prove_consistency(leaves: &[Hash], first_size: usize) -> Option<Vec<Hash>> {
    if first_size == 0 || first_size > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let (mut range, mut first_size, mut whole) = (leaves, first_size, true);
    while first_size < range.len() {
        let (left, right) = range.split_at(split(range.len()));
        if first_size <= left.len() {
            proof.push(root_of(right));
            range = left;
        } else {
            proof.push(root_of(left));
            first_size -= left.len();
            range = right;
            whole = false;
        }
    }
    if !whole {
        proof.push(root_of(range));
    }
    proof.reverse();
    Some(proof)
}

/// The largest power of two below `length` (which is at least two).
fn split(length: usize) -> usize {
    1 << (length - 1).ilog2()
}

fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = super::Tree::default();
    leaves.iter().for_each(|leaf| tree.push_hash(*leaf));
    tree.root()
}
