//! Tiles: the tree as files that never change once they are full (C2SP tlog-tiles, <https://c2sp.org/tlog-tiles>).
//!
//! A hash tile of level `l` and index `n` holds up to 256 hashes of 32 bytes: the roots of complete subtrees of
//! `256^l` leaves, the first of them being number `256 n`. An entry tile holds the leaves themselves, each behind its
//! length as an unsigned 16-bit big-endian number; a leaf of format version 1 has 188 bytes (`0x00bc`). A tile with
//! fewer than 256 is partial: its width is part of its name, and it never enters the level above.
//! Invariant: a path names one tile and a tile has one path. Start at [`Edge`] for a tree that grows and at
//! [`TiledTree`] for proofs from tiles.

mod edge;
mod tree;

pub use edge::{Edge, Growth};
pub use tree::{TileReadError, TiledTree};

use std::fmt;

/// Hashes of a full tile.
pub const WIDTH: u16 = 256;
/// Levels whose subtrees can be counted in 64 bits: `256^8 = 2^64` is beyond.
pub const LEVELS: u8 = 8;
/// Bytes before each leaf of an entry tile.
const LENGTH_BYTES: usize = 2;
/// Longest path of a tile, in bytes; whatever is longer is refused before it is read.
const PATH_BYTES_MAX: usize = 64;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Leaves.
    Entries,
    /// Hashes of that level, 0 being those of leaves.
    Hashes(u8),
}

impl Content {
    /// Level of the items: an entry stands for one leaf, as a hash of level 0 does.
    fn level(self) -> u8 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => level,
        }
    }
}

/// One tile, by what names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    content: Content,
    index: u64,
    width: u16,
}

/// A text that is no path of a tile, or a tile that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} names no tile; a path is like tile/0/x001/067 or tile/entries/000.p/17")]
pub struct TileError {
    /// What was to be a path, cut to its first 64 bytes.
    pub path: String,
}

impl Tile {
    /// The tile of `content` with that index as a tree of `size` leaves has it; nothing when that tree has no such
    /// tile.
    #[must_use]
    pub fn of(content: Content, index: u64, size: u64) -> Option<Self> {
        let items = items_at(content.level(), size);
        let start = index.checked_mul(u64::from(WIDTH))?;
        let width = items.checked_sub(start)?.min(u64::from(WIDTH));
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Self {
            content,
            index,
            width,
        })
    }

    /// What it holds.
    #[must_use]
    pub fn content(self) -> Content {
        self.content
    }

    /// Its number within the level, from 0.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// Number of items, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it is full, and therefore final.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The full tile with this one's content and index.
    #[must_use]
    pub fn filled(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// Length of the file in bytes, with leaves of format version 1.
    #[must_use]
    pub fn length(self) -> usize {
        let item = match self.content {
            Content::Entries => LENGTH_BYTES + crate::leaf::LEAF_BYTES,
            Content::Hashes(_) => 32,
        };
        item * usize::from(self.width)
    }

    /// The tile of a path, `tile/0/x001/067.p/17` for example.
    ///
    /// # Errors
    /// The text is no path, or another one than [`Tile`] would be written as.
    pub fn parse(path: &str) -> Result<Self, TileError> {
        let parsed = (path.len() <= PATH_BYTES_MAX)
            .then(|| Self::parse_parts(path))
            .flatten();
        // Leading zeroes, a wrong number of elements and the like all show as another spelling.
        parsed
            .filter(|tile| tile.to_string() == path)
            .ok_or_else(|| TileError {
                path: path.chars().take(PATH_BYTES_MAX).collect(),
            })
    }

    fn parse_parts(path: &str) -> Option<Self> {
        let (content, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(level.parse().ok().filter(|level| *level < LEVELS)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok().filter(|width| *width < WIDTH)?),
            None => (rest, WIDTH),
        };
        let index = index.split('/').try_fold(0_u64, |index, element| {
            let digits = element.strip_prefix('x').unwrap_or(element);
            index
                .checked_mul(1_000)?
                .checked_add(digits.parse::<u16>().ok()?.into())
        })?;
        (width > 0).then_some(Self {
            content,
            index,
            width,
        })
    }
}

/// The path, below the folder or address of the log.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Entries => f.write_str("tile/entries")?,
            Content::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![self.index % 1_000];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            write!(f, "/{}{group:03}", if place > 0 { "x" } else { "" })?;
        }
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// All tiles that a tree of `size` leaves is made of, entries first, then level by level.
pub fn tiles_of(size: u64) -> impl Iterator<Item = Tile> {
    new_tiles(0, size)
}

/// The tiles that are new, or wider than before, when a tree grows from `old` to `size` leaves; entries first, then
/// level by level. A tile that was partial comes under its new width.
pub fn new_tiles(old: u64, size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..LEVELS).map(Content::Hashes);
    std::iter::once(Content::Entries)
        .chain(levels)
        .flat_map(move |content| {
            let (before, now) = (items_at(content.level(), old), items_at(content.level(), size));
            let end = if now > before {
                now.div_ceil(u64::from(WIDTH))
            } else {
                0
            };
            (before / u64::from(WIDTH)..end).filter_map(move |index| Tile::of(content, index, size))
        })
}

/// Items of a level in a tree of `size` leaves: `floor(size / 256^level)`.
fn items_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * 8).unwrap_or(0)
}

#[cfg(test)]
mod tests;
