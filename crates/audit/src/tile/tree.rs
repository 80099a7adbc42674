//! A tree that is kept in tiles: its root, its subtrees and its proofs, read as they are needed.
//!
//! Invariant: nothing is believed of a tile but its length. What comes out is proven by comparing roots: a caller that
//! needs certainty checks the proof that it got against a root that was signed.

use super::{Content, LENGTH_BYTES, Tile, WIDTH};
use crate::leaf::LEAF_BYTES;
use crate::merkle::{Hash, ProofError, Tree};
use std::collections::HashMap;

/// Tiles kept in memory, 8 KiB each. A proof touches a tile or two of each level.
const KEPT_MAX: usize = 512;

/// Why a tile is of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileReadError<E> {
    /// It cannot be read.
    #[error("{tile} cannot be read")]
    Read {
        /// The tile.
        tile: Tile,
        /// What the reader said.
        source: E,
    },
    /// It is not as long as its name says.
    #[error("{tile} has {found} bytes instead of {}", tile.length())]
    Length {
        /// The tile.
        tile: Tile,
        /// Length found, in bytes.
        found: usize,
    },
    /// A leaf in it stands behind another length than that of format version 1.
    #[error("{tile} holds something that is no leaf of format version 1")]
    Leaf {
        /// The tile.
        tile: Tile,
    },
    /// The tree has no such leaf, size or subtree.
    #[error("a tree of {size} leaves was asked for what it does not have")]
    Range {
        /// Number of leaves of the tree.
        size: u64,
        /// What was asked.
        source: ProofError,
    },
}

/// A tree of `size` leaves whose tiles `read` gives.
pub struct TiledTree<R> {
    size: u64,
    read: R,
    kept: HashMap<Tile, Vec<Hash>>,
}

impl<R> std::fmt::Debug for TiledTree<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TiledTree")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl<E, R: FnMut(Tile) -> Result<Vec<u8>, E>> TiledTree<R> {
    /// A tree of that many leaves.
    ///
    /// `read` is asked for tiles as a tree of this size has them. Where the log has grown since, a partial tile may be
    /// gone: then it reads [`Tile::filled`] or a wider one and cuts it to [`Tile::length`].
    pub fn new(size: u64, read: R) -> Self {
        Self {
            size,
            read,
            kept: HashMap::new(),
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    ///
    /// # Errors
    /// A tile is of no use.
    pub fn root(&mut self) -> Result<Hash, TileReadError<E>> {
        self.range_root(0, self.size)
    }

    /// Root of the tree of the first `size` leaves.
    ///
    /// # Errors
    /// A tile is of no use, or there are fewer leaves.
    pub fn root_at(&mut self, size: u64) -> Result<Hash, TileReadError<E>> {
        self.check_range(size, size <= self.size)?;
        self.range_root(0, size)
    }

    /// Root of the complete subtree of `2^height` leaves that is number `index` of its height.
    ///
    /// # Errors
    /// A tile is of no use, or the tree has no such subtree.
    pub fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, TileReadError<E>> {
        let complete = self.size.checked_shr(height).unwrap_or(0);
        self.check_range(index, index < complete)?;
        let level = u8::try_from(height / 8).unwrap_or(u8::MAX);
        let count = 1_u64 << (height % 8);
        let first = index * count;
        let wanted = Tile::of(Content::Hashes(level), first / u64::from(WIDTH), self.size);
        let tile = match wanted {
            Some(tile) => tile,
            None => return Err(self.range_error(index)),
        };
        let start = usize::try_from(first % u64::from(WIDTH)).unwrap_or(usize::MAX);
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        let mut tree = Tree::default();
        let hashes = self.tile(tile)?;
        hashes
            .iter()
            .skip(start)
            .take(length)
            .for_each(|hash| tree.push_hash(*hash));
        Ok(tree.root())
    }

    /// The proof that the leaf at `index` stands in the tree.
    ///
    /// # Errors
    /// A tile is of no use, or there is no such leaf.
    pub fn prove_inclusion(&mut self, index: u64) -> Result<Vec<Hash>, TileReadError<E>> {
        self.check_range(index, index < self.size)?;
        let mut proof = Vec::new();
        let (mut low, mut high) = (0, self.size);
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                proof.push(self.range_root(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range_root(low, middle)?);
                low = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The proof that the tree begins with the tree of the first `first` leaves.
    ///
    /// # Errors
    /// A tile is of no use, or `first` is zero or beyond the tree.
    pub fn prove_consistency(&mut self, first: u64) -> Result<Vec<Hash>, TileReadError<E>> {
        self.check_range(first, first > 0 && first <= self.size)?;
        let mut proof = Vec::new();
        let (mut low, mut high) = (0, self.size);
        while first < high {
            let middle = low + split(high - low);
            if first <= middle {
                proof.push(self.range_root(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range_root(low, middle)?);
                low = middle;
            }
        }
        if low > 0 {
            proof.push(self.range_root(low, high)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The leaves of an entry tile.
    ///
    /// # Errors
    /// The tile is of no use, or `content` of the tile is hashes.
    pub fn leaves(&mut self, index: u64) -> Result<Vec<[u8; LEAF_BYTES]>, TileReadError<E>> {
        let Some(tile) = Tile::of(Content::Entries, index, self.size) else {
            return Err(self.range_error(index));
        };
        let bytes = read_whole(tile, &mut self.read)?;
        leaves_of(&bytes).ok_or(TileReadError::Leaf { tile })
    }

    /// Root of the leaves from `low` on, up to but without `high`: complete subtrees from the largest to the smallest.
    /// Invariant: `low` is a multiple of the largest power of two within the range, as it is in every split.
    fn range_root(&mut self, low: u64, high: u64) -> Result<Hash, TileReadError<E>> {
        let mut tree = Tree::default();
        let mut at = low;
        while at < high {
            let height = (high - at).ilog2();
            let root = self.subtree(height, at >> height)?;
            at += 1 << height;
            let fits = tree.push_subtree(height, root);
            debug_assert!(fits.is_ok());
        }
        Ok(tree.root())
    }

    fn tile(&mut self, tile: Tile) -> Result<&[Hash], TileReadError<E>> {
        if self.kept.len() >= KEPT_MAX && !self.kept.contains_key(&tile) {
            self.kept.clear();
        }
        match self.kept.entry(tile) {
            std::collections::hash_map::Entry::Occupied(kept) => Ok(kept.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                let bytes = read_whole(tile, &mut self.read)?;
                Ok(place.insert(hashes_of(&bytes)))
            }
        }
    }

    fn check_range(&self, first: u64, is_within: bool) -> Result<(), TileReadError<E>> {
        if is_within {
            Ok(())
        } else {
            Err(self.range_error(first))
        }
    }

    fn range_error(&self, first: u64) -> TileReadError<E> {
        let size = self.size;
        TileReadError::Range {
            size,
            source: ProofError::Range { first, size },
        }
    }
}

/// The largest power of two below `length` (which is at least two).
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The bytes of a tile, with their length checked.
pub(super) fn read_whole<E>(
    tile: Tile,
    read: &mut impl FnMut(Tile) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, TileReadError<E>> {
    let bytes = read(tile).map_err(|source| TileReadError::Read { tile, source })?;
    if bytes.len() == tile.length() {
        Ok(bytes)
    } else {
        Err(TileReadError::Length {
            tile,
            found: bytes.len(),
        })
    }
}

/// The hashes of a hash tile.
pub(super) fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks::<32>().0.iter().map(|hash| Hash(*hash)).collect()
}

/// The leaves of an entry tile; nothing when one stands behind another length.
fn leaves_of(bytes: &[u8]) -> Option<Vec<[u8; LEAF_BYTES]>> {
    let items = bytes.chunks_exact(LENGTH_BYTES + LEAF_BYTES);
    items
        .map(|item| {
            let (length, leaf) = item.split_first_chunk::<LENGTH_BYTES>()?;
            (*length == super::edge::length_of_leaf()).then_some(leaf.try_into().ok()?)
        })
        .collect()
}
