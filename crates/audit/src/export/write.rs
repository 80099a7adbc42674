//! Writes an export, frame by frame.
//!
//! Invariant: [`Writer::finish`] ends the file only when its tree has the size and root of the checkpoint, so a file
//! with an end was written whole. What it says is not judged here; that is the verifier's.

use super::frame::{Frame, length_max};
use super::{ExportedImage, MAGIC, Opening, Scope};
use crate::leaf::LEAF_BYTES;
use crate::merkle::{Hash, SubtreeError, Tree, leaf_hash};
use crate::note::Note;
use crate::tile::{Tile, TileReadError, TiledTree};
use crate::{Checkpoint, checkpoint::CheckpointError};
use openssl::sha::Sha256;
use std::io::{self, Write};

/// Why an export was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink refuses.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
    /// The note is no checkpoint.
    #[error("what is to be exported under is no checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// An opening or a note is beyond its bound.
    #[error("a part of {found} bytes is longer than exports take")]
    Length {
        /// Its length in bytes.
        found: usize,
    },
    /// A subtree does not fit where the export stands.
    #[error("a hidden part does not fit where it should stand")]
    Subtree(#[from] SubtreeError),
    /// An opening without a leaf before it, an image before its header, or the like.
    #[error("the parts of leaf {index} come in the wrong order")]
    Order {
        /// Index of the leaf that is being written.
        index: u64,
    },
    /// The tree that was written is not that of the checkpoint.
    #[error("the {written} leaves that were exported are not the tree of {size} leaves that was signed")]
    Root {
        /// Number of leaves written.
        written: u64,
        /// Number of leaves of the checkpoint.
        size: u64,
    },
}

/// Why leaves of others were not hidden.
#[derive(Debug, thiserror::Error)]
pub enum HideError<E: std::error::Error + 'static> {
    /// The export refuses.
    #[error("the leaves of others cannot be left out")]
    Write(#[from] WriteError),
    /// Their roots cannot be computed.
    #[error("the roots of what is left out cannot be computed")]
    Tile(#[source] TileReadError<E>),
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A leaf or a hidden part.
    Between,
    /// The header of the leaf, or the next leaf.
    Leaf,
    /// An image of the leaf, or the next leaf.
    Header,
}

/// An export that is being written.
pub struct Writer<W> {
    sink: W,
    digest: Sha256,
    tree: Tree,
    checkpoint: Checkpoint,
    state: State,
    buffer: Vec<u8>,
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("leaves", &self.tree.size())
            .finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Begins an export under a signed checkpoint. The signature is not checked here.
    ///
    /// # Errors
    /// The note is no checkpoint, or the sink refuses.
    pub fn begin(sink: W, scope: Scope, checkpoint: &Note) -> Result<Self, WriteError> {
        let mut writer = Self {
            sink,
            digest: Sha256::new(),
            tree: Tree::default(),
            checkpoint: Checkpoint::parse(checkpoint.text())?,
            state: State::Between,
            buffer: Vec::new(),
        };
        writer.put(MAGIC)?;
        writer.frame(&Frame::Scope(scope))?;
        writer.frame(&Frame::Checkpoint(checkpoint.to_string().as_bytes()))?;
        Ok(writer)
    }

    /// Index of the next leaf.
    pub fn index(&self) -> u64 {
        self.tree.size()
    }

    /// Shows a leaf. Its header follows, unless it is a heartbeat, and then the images that it made, in the act's order.
    ///
    /// # Errors
    /// The sink refuses.
    pub fn leaf(&mut self, leaf: &[u8; LEAF_BYTES]) -> Result<(), WriteError> {
        self.tree.push_hash(leaf_hash(leaf));
        self.state = State::Leaf;
        self.frame(&Frame::Leaf(leaf))
    }

    /// The header of the leaf that was shown last.
    ///
    /// # Errors
    /// There is no such leaf, the header is too long, or the sink refuses.
    pub fn header(&mut self, header: Opening<'_>) -> Result<(), WriteError> {
        self.advance(State::Leaf)?;
        self.frame(&Frame::Header(header))
    }

    /// The next image of the entry whose header was shown last.
    ///
    /// # Errors
    /// There is no such header, the image is too long, or the sink refuses.
    pub fn image(&mut self, image: ExportedImage<'_>) -> Result<(), WriteError> {
        self.advance(State::Header)?;
        self.frame(&Frame::Image(image))
    }

    /// A complete subtree of `2^height` leaves that are not shown.
    ///
    /// # Errors
    /// It does not fit where the export stands, or the sink refuses.
    pub fn hide(&mut self, height: u32, root: Hash) -> Result<(), WriteError> {
        self.tree.push_subtree(height, root)?;
        self.state = State::Between;
        self.frame(&Frame::Hidden { height, root })
    }

    /// Leaves out all leaves up to `index`, in the fewest subtrees that there are. An auditor who has a checkpoint of
    /// an earlier size can compare it only if no subtree spans that size: name it in `cuts`.
    ///
    /// # Errors
    /// A tile is of no use, or the sink refuses.
    pub fn hide_until<E: std::error::Error + 'static>(
        &mut self,
        index: u64,
        cuts: &[u64],
        tree: &mut TiledTree<impl FnMut(Tile) -> Result<Vec<u8>, E>>,
    ) -> Result<(), HideError<E>> {
        while self.index() < index {
            let at = self.index();
            let end = cuts.iter().copied().filter(|cut| *cut > at).fold(index, u64::min);
            // The largest subtree that begins here and ends in time.
            let height = at.trailing_zeros().min((end - at).ilog2());
            let root = tree.subtree(height, at >> height).map_err(HideError::Tile)?;
            self.hide(height, root)?;
        }
        Ok(())
    }

    /// Ends the export and gives the sink back.
    ///
    /// # Errors
    /// What was written is not the tree of the checkpoint, or the sink refuses.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let Checkpoint { size, root, .. } = self.checkpoint;
        if (self.tree.size(), self.tree.root()) != (size, root) {
            return Err(WriteError::Root {
                written: self.tree.size(),
                size,
            });
        }
        let digest = self.digest.clone().finish();
        self.frame(&Frame::End(digest))?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn advance(&mut self, from: State) -> Result<(), WriteError> {
        if self.state != from {
            return Err(WriteError::Order {
                index: self.index().saturating_sub(1),
            });
        }
        self.state = State::Header;
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), WriteError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        frame.write(&mut buffer);
        let found = buffer.len() - super::frame::HEAD_BYTES;
        let max = buffer.first().and_then(|kind| length_max(*kind)).unwrap_or(0);
        let written = if found > max {
            Err(WriteError::Length { found })
        } else {
            self.put(&buffer)
        };
        self.buffer = buffer;
        written
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.digest.update(bytes);
        Ok(self.sink.write_all(bytes)?)
    }
}
