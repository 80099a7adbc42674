//! An export of the log: one file with which an auditor checks it alone. docs/AUDIT-EXPORT.md has its bytes.
//!
//! The file is a sequence of frames: the scope, the signed checkpoint, then the tree from its first leaf to its last,
//! and the digest of all that came before. A leaf is followed by its openings; leaves of others stand as roots of
//! complete subtrees, so that an organization's export is checked against the same root as that of everything.
//! Invariant: both ways are streams; nobody holds more than a batch of frames, and every length is bounded before it is
//! read. Start at [`Writer`] for writing and at [`crate::verify`] for reading.

mod frame;
mod read;
mod write;

pub use frame::{FormatError, FormatErrorKind};
pub(crate) use frame::{Frame, Frames};
pub use read::{Batch, Preamble, ReadError, Reader};
pub use write::{HideError, WriteError, Writer};

use crate::Commitment;

/// First bytes of an export of format version 1.
pub const MAGIC: &[u8; 8] = b"SREXPT01";
/// Longest header, in bytes.
pub const HEADER_BYTES_MAX: usize = 256 * 1024;
/// Longest image, in bytes.
pub const IMAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Whose entries an export shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    Whole,
    /// Those whose leaves have this tag; the appliance's own is all zeroes.
    Organization([u8; 16]),
}

/// What is shown of the bytes behind a commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening<'a> {
    /// Salt and bytes.
    Open {
        /// The salt of the commitment.
        salt: &'a [u8; 32],
        /// The bytes: deterministic CBOR.
        bytes: &'a [u8],
    },
    /// They are gone, and the log says why.
    Gone {
        /// Index of the leaf that says so: an erasure of the record or the organization, or a restore.
        explained_by: u64,
    },
    /// They cannot be opened, and nothing explains it. An honest export says so; it will not verify.
    Missing,
}

/// One version of a record, made by the entry before it in the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportedImage<'a> {
    /// The record (UUID bytes).
    pub record: [u8; 16],
    /// Its version, from 1.
    pub version: u64,
    /// The stored commitment. Written only where the image is not open: there it is computed.
    pub commitment: Commitment,
    /// The image.
    pub opening: Opening<'a>,
}
