//! The right edge of a tree that grows: what of its tiles is not full yet.
//!
//! Invariant: an edge of `size` leaves holds fewer than 256 items of each level, and every tile that it gives out is
//! the one that a tree of that size has. It knows nothing of files: the caller writes the tiles of a [`Growth`], and
//! only then signs.

use super::{Content, LENGTH_BYTES, LEVELS, Tile, TileReadError, WIDTH};
use crate::leaf::LEAF_BYTES;
use crate::merkle::{Hash, Tree, leaf_hash};

/// The right edge.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    /// Leaves of the partial entry tile, each behind its length.
    entries: Vec<u8>,
    /// Hashes of the partial tile of each level.
    levels: [Vec<Hash>; LEVELS as usize],
}

/// What an append made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// Number of leaves now.
    pub size: u64,
    /// Root of the tree now.
    pub root: Hash,
    /// The tiles that are new or wider, with their bytes. Full ones replace the partial ones before them.
    pub tiles: Vec<(Tile, Vec<u8>)>,
}

impl Edge {
    /// The edge of a tree of `size` leaves, from its partial tiles; `read` gives the bytes of a tile.
    ///
    /// The caller compares [`Edge::root`] with the root that was signed for this size: bytes of the right length are
    /// taken as they are.
    ///
    /// # Errors
    /// A tile cannot be read, or has another length than its name says.
    pub fn load<E>(
        size: u64,
        mut read: impl FnMut(Tile) -> Result<Vec<u8>, E>,
    ) -> Result<Self, TileReadError<E>> {
        let mut edge = Self {
            size,
            ..Self::default()
        };
        if let Some(tile) = partial(Content::Entries, size) {
            edge.entries = super::tree::read_whole(tile, &mut read)?;
        }
        for (level, hashes) in (0..LEVELS).zip(&mut edge.levels) {
            if let Some(tile) = partial(Content::Hashes(level), size) {
                *hashes = super::tree::hashes_of(&super::tree::read_whole(tile, &mut read)?);
            }
        }
        Ok(edge)
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut tree = Tree::default();
        for (level, hashes) in self.levels.iter().enumerate().rev() {
            let height = 8 * u32::try_from(level).unwrap_or(u32::MAX);
            for hash in hashes {
                // The items of the levels above end where these begin, so they always fit.
                let fits = tree.push_subtree(height, *hash);
                debug_assert!(fits.is_ok());
            }
        }
        tree.root()
    }

    /// Appends leaves, and gives the tiles that came of it.
    pub fn append(&mut self, leaves: impl IntoIterator<Item = [u8; LEAF_BYTES]>) -> Growth {
        let old = self.size;
        let mut tiles = Vec::new();
        for leaf in leaves {
            self.push(&leaf, &mut tiles);
        }
        for content in std::iter::once(Content::Entries).chain((0..LEVELS).map(Content::Hashes)) {
            let grew = super::items_at(content.level(), self.size) > super::items_at(content.level(), old);
            if let Some(tile) = partial(content, self.size).filter(|_| grew) {
                tiles.push((tile, self.bytes(content)));
            }
        }
        Growth {
            size: self.size,
            root: self.root(),
            tiles,
        }
    }

    fn push(&mut self, leaf: &[u8; LEAF_BYTES], full: &mut Vec<(Tile, Vec<u8>)>) {
        self.entries.extend_from_slice(&length_of_leaf());
        self.entries.extend_from_slice(leaf);
        self.size += 1;
        if let Some(tile) = completed(Content::Entries, self.size) {
            full.push((tile, std::mem::take(&mut self.entries)));
        }
        let mut hash = leaf_hash(leaf);
        for level in 0..LEVELS {
            let Some(hashes) = self.levels.get_mut(usize::from(level)) else {
                return;
            };
            hashes.push(hash);
            let Some(tile) = completed(Content::Hashes(level), self.size) else {
                return;
            };
            hash = root_of(hashes);
            full.push((tile, bytes_of(hashes)));
            hashes.clear();
        }
    }

    fn bytes(&self, content: Content) -> Vec<u8> {
        match content {
            Content::Entries => self.entries.clone(),
            Content::Hashes(level) => self
                .levels
                .get(usize::from(level))
                .map(|hashes| bytes_of(hashes))
                .unwrap_or_default(),
        }
    }
}

/// The 16-bit length of a leaf.
pub(super) fn length_of_leaf() -> [u8; LENGTH_BYTES] {
    // 188 fits in any case.
    u16::try_from(LEAF_BYTES).unwrap_or(u16::MAX).to_be_bytes()
}

/// The last tile of a kind, where it is partial.
fn partial(content: Content, size: u64) -> Option<Tile> {
    let items = super::items_at(content.level(), size);
    Tile::of(content, items / u64::from(WIDTH), size)
}

/// The tile that the newest leaf has made full.
fn completed(content: Content, size: u64) -> Option<Tile> {
    let items = super::items_at(content.level(), size);
    let is_new = super::items_at(content.level(), size - 1) < items;
    let index = (items / u64::from(WIDTH)).checked_sub(1)?;
    (is_new && items.is_multiple_of(u64::from(WIDTH)))
        .then(|| Tile::of(content, index, size))
        .flatten()
}

fn root_of(hashes: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    hashes.iter().for_each(|hash| tree.push_hash(*hash));
    tree.root()
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
