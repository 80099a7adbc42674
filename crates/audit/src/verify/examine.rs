//! The hashing of one batch: what can be checked of it without the batches before it.
//!
//! Invariant: pure, and the same for a batch wherever it was examined, so that batches may be examined at once.

use crate::commitment::{Commitment, Role, commit};
use crate::export::{Batch, ExportedImage, FormatError, Frame, Frames, Opening};
use crate::header::HeaderGlance;
use crate::image::Image;
use crate::leaf::Leaf;
use crate::merkle::{Hash, leaf_hash};
use crate::note::VerifierKey;
use crate::rotation;

/// A batch, examined.
#[derive(Debug)]
pub struct Examined {
    pub(super) parts: Vec<Part>,
}

/// One frame, examined.
#[derive(Debug)]
pub(super) enum Part {
    /// A leaf with its hash; without the leaf when it cannot be read.
    Leaf(Hash, Option<Box<Leaf>>),
    Hidden {
        height: u32,
        root: Hash,
    },
    Header(HeaderPart),
    Image(ImagePart),
    Damaged(FormatError),
}

#[derive(Debug)]
pub(super) enum HeaderPart {
    /// What the header says, and its commitment.
    Open(Box<Facts>, Commitment),
    /// Bytes that are no header; whose commitment they are cannot be known without the entry's id.
    Unreadable,
    Gone {
        by: u64,
    },
    Missing,
}

/// What a header says that is compared.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) entry_id: [u8; 16],
    pub(super) organization: Option<[u8; 16]>,
    pub(super) time_us: i64,
    pub(super) ordinal: u32,
    pub(super) total: u32,
    /// The request, where several entries may have come of it.
    pub(super) request: Option<String>,
    pub(super) object: ObjectFact,
}

/// What an entry is about, as far as that matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ObjectFact {
    /// A record; nothing when its id is none.
    Record(Option<[u8; 16]>),
    /// An organization, by its id as it stands there.
    Organization(Option<String>),
    /// The log, by a range as it stands there.
    Log(Option<String>),
    /// A key of the log; nothing when its id is none.
    LogKey(Option<Box<VerifierKey>>),
    /// Anything else.
    Other,
}

#[derive(Debug)]
pub(super) struct ImagePart {
    pub(super) record: [u8; 16],
    pub(super) version: u64,
    /// Computed where the image is open, told where it is not.
    pub(super) commitment: Commitment,
    pub(super) kind: ImageKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageKind {
    Open,
    Unreadable,
    Gone { by: u64 },
    Missing,
}

/// Examines a batch.
#[must_use]
pub fn examine(batch: &Batch) -> Examined {
    // Images at the start are of the entry whose header ended the batch before.
    let carried = batch
        .header
        .as_deref()
        .and_then(|header| Frames::new(header, 0).next());
    let mut entry = match carried {
        Some(Ok(Frame::Header(Opening::Open { bytes, .. }))) => {
            HeaderGlance::read(bytes).map(|header| *header.entry_id)
        }
        _ => None,
    };
    let mut parts = Vec::new();
    for frame in Frames::new(&batch.frames, batch.offset) {
        let part = match frame {
            Ok(Frame::Leaf(leaf)) => {
                entry = None;
                Part::Leaf(leaf_hash(leaf), Leaf::decode(leaf).ok().map(Box::new))
            }
            Ok(Frame::Hidden { height, root }) => Part::Hidden { height, root },
            Ok(Frame::Header(opening)) => {
                let part = examine_header(opening);
                entry = match &part {
                    HeaderPart::Open(header, _) => Some(header.entry_id),
                    HeaderPart::Unreadable | HeaderPart::Gone { .. } | HeaderPart::Missing => None,
                };
                Part::Header(part)
            }
            Ok(Frame::Image(image)) => Part::Image(examine_image(&image, entry.as_ref())),
            // The reader lets none of these through.
            Ok(Frame::Scope(_) | Frame::Checkpoint(_) | Frame::End(_)) => continue,
            Err(error) => Part::Damaged(error),
        };
        parts.push(part);
    }
    Examined { parts }
}

fn examine_header(opening: Opening<'_>) -> HeaderPart {
    match opening {
        Opening::Open { salt, bytes } => match HeaderGlance::read(bytes) {
            Some(header) => {
                let commitment = commit(Role::Header, header.entry_id, salt, bytes);
                HeaderPart::Open(Box::new(Facts::of(&header)), commitment)
            }
            None => HeaderPart::Unreadable,
        },
        Opening::Gone { explained_by } => HeaderPart::Gone { by: explained_by },
        Opening::Missing => HeaderPart::Missing,
    }
}

fn examine_image(image: &ExportedImage<'_>, entry: Option<&[u8; 16]>) -> ImagePart {
    let (commitment, kind) = match (image.opening, entry) {
        (Opening::Open { salt, bytes }, Some(entry)) => {
            let kind = if Image::is_one(bytes) {
                ImageKind::Open
            } else {
                ImageKind::Unreadable
            };
            (commit(Role::AfterImage, entry, salt, bytes), kind)
        }
        // An image without a readable header is a fault of the header's, or superfluous.
        (Opening::Open { .. }, None) => (Commitment::ZERO, ImageKind::Unreadable),
        (Opening::Gone { explained_by }, _) => (image.commitment, ImageKind::Gone { by: explained_by }),
        (Opening::Missing, _) => (image.commitment, ImageKind::Missing),
    };
    ImagePart {
        record: image.record,
        version: image.version,
        commitment,
        kind,
    }
}

impl Facts {
    fn of(header: &HeaderGlance<'_>) -> Self {
        let id = || header.object_id.map(str::to_owned);
        Self {
            entry_id: *header.entry_id,
            organization: header.organization.copied(),
            time_us: header.time_us,
            ordinal: header.ordinal,
            total: header.total,
            request: header.request_id.filter(|_| header.total > 1).map(str::to_owned),
            object: match header.object_kind {
                "record" => ObjectFact::Record(header.object_id.and_then(super::image::parse_uuid)),
                "organization" => ObjectFact::Organization(id()),
                "log" => ObjectFact::Log(id()),
                rotation::OBJECT => {
                    ObjectFact::LogKey(header.object_id.and_then(rotation::log_key).map(Box::new))
                }
                _ => ObjectFact::Other,
            },
        }
    }
}
