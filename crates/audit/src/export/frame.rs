//! Frames: a kind (one byte), a length (32 bits, big-endian), a payload.
//!
//! Invariant: a frame has one encoding, and a length beyond its kind's bound is refused before the payload is read.

use super::{ExportedImage, HEADER_BYTES_MAX, IMAGE_BYTES_MAX, Opening, Scope};
use crate::Commitment;
use crate::leaf::LEAF_BYTES;
use crate::merkle::Hash;
use crate::note::NOTE_BYTES_MAX;

/// Bytes before the payload.
pub(crate) const HEAD_BYTES: usize = 5;

/// Numbers of the frames. Frozen.
pub(crate) mod kind {
    pub(crate) const SCOPE: u8 = 0x01;
    pub(crate) const CHECKPOINT: u8 = 0x02;
    pub(crate) const LEAF: u8 = 0x10;
    pub(crate) const HIDDEN: u8 = 0x11;
    pub(crate) const HEADER: u8 = 0x20;
    pub(crate) const IMAGE: u8 = 0x21;
    pub(crate) const END: u8 = 0x7f;
}

/// Numbers of what an opening is. Frozen.
mod opening {
    pub(super) const OPEN: u8 = 0;
    pub(super) const GONE: u8 = 1;
    pub(super) const MISSING: u8 = 2;
}

/// A file that is no export, or a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the export is damaged at byte {offset}: {kind}")]
pub struct FormatError {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub kind: FormatErrorKind,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatErrorKind {
    /// It does not begin as exports do.
    #[error("it does not begin as an export of format version 1 does")]
    Magic,
    /// It ends within a frame or before the last.
    #[error("it ends before its end")]
    Truncated,
    /// A frame of an unknown kind, or one that does not belong there.
    #[error("a part of kind {found:#04x} stands where it does not belong")]
    Frame {
        /// The kind.
        found: u8,
    },
    /// A frame that is too long, too short, or holds what its kind does not.
    #[error("a part of kind {found:#04x} is not formed as it should be")]
    Form {
        /// The kind.
        found: u8,
    },
    /// The digest at the end is not that of the bytes before it.
    #[error("the digest at its end is another than that of what stands before it")]
    Digest,
    /// Bytes follow the end.
    #[error("something follows its end")]
    Trailing,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    Scope(Scope),
    Checkpoint(&'a [u8]),
    Leaf(&'a [u8; LEAF_BYTES]),
    Hidden { height: u32, root: Hash },
    Header(Opening<'a>),
    Image(ExportedImage<'a>),
    End([u8; 32]),
}

/// Longest payload of a kind; nothing when there is no such kind.
pub(crate) fn length_max(kind: u8) -> Option<usize> {
    match kind {
        kind::SCOPE => Some(16),
        kind::CHECKPOINT => Some(NOTE_BYTES_MAX),
        kind::LEAF => Some(LEAF_BYTES),
        kind::HIDDEN => Some(1 + 32),
        kind::HEADER => Some(1 + 32 + HEADER_BYTES_MAX),
        kind::IMAGE => Some(16 + 8 + 1 + 32 + IMAGE_BYTES_MAX),
        kind::END => Some(32),
        _ => None,
    }
}

impl<'a> Frame<'a> {
    /// The frame of a kind and payload; nothing when the payload is not formed as the kind's is.
    pub(crate) fn parse(kind: u8, payload: &'a [u8]) -> Option<Self> {
        let mut rest = payload;
        match kind {
            kind::SCOPE if payload.is_empty() => Some(Self::Scope(Scope::Whole)),
            kind::SCOPE => Some(Self::Scope(Scope::Organization(payload.try_into().ok()?))),
            kind::CHECKPOINT => Some(Self::Checkpoint(payload)),
            kind::LEAF => Some(Self::Leaf(payload.try_into().ok()?)),
            kind::HIDDEN => {
                let [height] = *take(&mut rest)?;
                let root = Hash(rest.try_into().ok()?);
                (height < 64).then_some(Self::Hidden {
                    height: height.into(),
                    root,
                })
            }
            kind::HEADER => {
                let [opening] = *take(&mut rest)?;
                Some(Self::Header(parse_opening(opening, rest)?))
            }
            kind::IMAGE => Some(Self::Image(parse_image(rest)?)),
            kind::END => Some(Self::End(payload.try_into().ok()?)),
            _ => None,
        }
    }

    /// Appends the frame's bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[self.kind(), 0, 0, 0, 0]);
        match self {
            Self::Scope(Scope::Whole) => {}
            Self::Scope(Scope::Organization(tag)) => out.extend_from_slice(tag),
            Self::Checkpoint(note) => out.extend_from_slice(note),
            Self::Leaf(leaf) => out.extend_from_slice(*leaf),
            Self::Hidden { height, root } => {
                out.extend(u8::try_from(*height));
                out.extend_from_slice(&root.0);
            }
            Self::Header(opening) => write_opening(*opening, None, out),
            Self::Image(image) => {
                out.extend_from_slice(&image.record);
                out.extend_from_slice(&image.version.to_be_bytes());
                write_opening(image.opening, Some(image.commitment), out);
            }
            Self::End(digest) => out.extend_from_slice(digest),
        }
        // The writer has refused what is longer than a kind's bound, and those fit 32 bits.
        let length = u32::try_from(out.len() - start - HEAD_BYTES).unwrap_or(u32::MAX);
        if let Some(place) = out.get_mut(start + 1..start + HEAD_BYTES) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Scope(_) => kind::SCOPE,
            Self::Checkpoint(_) => kind::CHECKPOINT,
            Self::Leaf(_) => kind::LEAF,
            Self::Hidden { .. } => kind::HIDDEN,
            Self::Header(_) => kind::HEADER,
            Self::Image(_) => kind::IMAGE,
            Self::End(_) => kind::END,
        }
    }
}

fn write_opening(opening: Opening<'_>, commitment: Option<Commitment>, out: &mut Vec<u8>) {
    // Only what is not open needs its commitment told.
    let told = commitment.iter().flat_map(|commitment| commitment.0);
    match opening {
        Opening::Open { salt, bytes } => {
            out.push(opening::OPEN);
            out.extend_from_slice(salt);
            out.extend_from_slice(bytes);
        }
        Opening::Gone { explained_by } => {
            out.push(opening::GONE);
            out.extend(told);
            out.extend_from_slice(&explained_by.to_be_bytes());
        }
        Opening::Missing => {
            out.push(opening::MISSING);
            out.extend(told);
        }
    }
}

fn parse_opening(number: u8, rest: &[u8]) -> Option<Opening<'_>> {
    match number {
        opening::OPEN => {
            let (salt, bytes) = rest.split_first_chunk()?;
            Some(Opening::Open { salt, bytes })
        }
        opening::GONE => Some(Opening::Gone {
            explained_by: u64::from_be_bytes(rest.try_into().ok()?),
        }),
        opening::MISSING => rest.is_empty().then_some(Opening::Missing),
        _ => None,
    }
}

fn parse_image(mut rest: &[u8]) -> Option<ExportedImage<'_>> {
    let record = *take(&mut rest)?;
    let version = u64::from_be_bytes(*take(&mut rest)?);
    let [number] = *take(&mut rest)?;
    let commitment = match number {
        opening::OPEN => Commitment::ZERO,
        _ => Commitment(*take(&mut rest)?),
    };
    Some(ExportedImage {
        record,
        version,
        commitment,
        opening: parse_opening(number, rest)?,
    })
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, remaining) = rest.split_first_chunk()?;
    *rest = remaining;
    Some(taken)
}

/// The frames of bytes that hold whole frames; `offset` is where the bytes stand in the file.
pub(crate) struct Frames<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(bytes: &'a [u8], offset: u64) -> Self {
        Self { rest: bytes, offset }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.rest.split_first_chunk::<HEAD_BYTES>()?;
        let [found, length @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let fault = FormatError {
            offset: self.offset,
            kind: FormatErrorKind::Form { found },
        };
        let Some((payload, rest)) = rest.split_at_checked(length) else {
            self.rest = &[];
            return Some(Err(fault));
        };
        self.rest = rest;
        self.offset += (HEAD_BYTES + length) as u64;
        Some(Frame::parse(found, payload).ok_or(fault))
    }
}
