//! Reads an export as a stream, in batches of whole frames.
//!
//! Invariant: a batch is bounded by one frame beyond [`BATCH_BYTES`], and the digest is compared before the end is
//! reported. A batch can be looked at without the ones before it, so that several are looked at at once.

use super::frame::{FormatError, FormatErrorKind, Frame, Frames, HEAD_BYTES, kind, length_max};
use super::{MAGIC, Scope};
use openssl::sha::Sha256;
use std::io::{self, Read};

/// Bytes after which a batch ends with its frame.
const BATCH_BYTES: usize = 256 * 1024;
/// Bytes asked of the source at once.
const READ_BYTES: usize = 256 * 1024;

/// Why an export cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source refuses: nothing is known of what follows.
    #[error("the export cannot be read")]
    Read(#[from] io::Error),
    /// It is damaged, or no export.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// What stands before the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preamble {
    /// Whose entries are shown.
    pub scope: Scope,
    /// The bytes of the signed checkpoint.
    pub checkpoint: Vec<u8>,
}

/// Whole frames, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub(crate) frames: Vec<u8>,
    /// Where they stand in the file.
    pub(crate) offset: u64,
    /// The header frame before them whose images they may begin with.
    pub(crate) header: Option<Vec<u8>>,
}

impl Batch {
    /// Length of the frames, in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.frames.len()
    }
}

/// An export that is being read.
pub struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where the buffer stands in the file.
    offset: u64,
    digest: Sha256,
    header: Option<Vec<u8>>,
    is_ended: bool,
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// The source is no export, or refuses.
    pub fn open(source: R) -> Result<(Preamble, Self), ReadError> {
        let mut reader = Self {
            source,
            buffer: Vec::new(),
            offset: 0,
            digest: Sha256::new(),
            header: None,
            is_ended: false,
        };
        if !reader.fill(MAGIC.len())? || !reader.buffer.starts_with(MAGIC) {
            return Err(reader.fault(0, FormatErrorKind::Magic).into());
        }
        reader.take(MAGIC.len());
        let scope = reader.first(kind::SCOPE)?;
        let checkpoint = reader.first(kind::CHECKPOINT)?;
        let preamble = match (Frames::new(&scope, 0).next(), Frames::new(&checkpoint, 0).next()) {
            (Some(Ok(Frame::Scope(scope))), Some(Ok(Frame::Checkpoint(note)))) => Preamble {
                scope,
                checkpoint: note.to_vec(),
            },
            _ => {
                return Err(reader
                    .fault(0, FormatErrorKind::Form { found: kind::SCOPE })
                    .into());
            }
        };
        Ok((preamble, reader))
    }

    /// The next batch; nothing once the end was reached and its digest is right.
    ///
    /// # Errors
    /// The export is damaged, or the source refuses.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ReadError> {
        if self.is_ended {
            return Ok(None);
        }
        let mut last = None;
        let mut end = 0;
        while end < BATCH_BYTES {
            let (found, length) = self.head(end)?;
            if found == kind::END && end > 0 {
                break;
            }
            if found == kind::END {
                return self.end(length).map(|()| None);
            }
            self.need(end, length)?;
            match found {
                kind::HEADER => last = Some(end..end + length),
                kind::LEAF | kind::HIDDEN => last = Some(end..end),
                kind::IMAGE => {}
                _ => return Err(self.fault(end, FormatErrorKind::Frame { found }).into()),
            }
            end += length;
        }
        let offset = self.offset;
        let frames = self.take(end);
        let header = match last.and_then(|range| frames.get(range)) {
            // The next batch may begin with images of this entry.
            Some(header) => self.header.replace(header.to_vec()),
            None => self.header.clone(),
        };
        Ok(Some(Batch {
            frames,
            offset,
            header: header.filter(|header| !header.is_empty()),
        }))
    }

    /// One of the frames that stand before the tree.
    fn first(&mut self, expected: u8) -> Result<Vec<u8>, ReadError> {
        let (found, length) = self.head(0)?;
        if found != expected {
            return Err(self.fault(0, FormatErrorKind::Frame { found }).into());
        }
        self.need(0, length)?;
        Ok(self.take(length))
    }

    /// Kind and whole length of the frame at `at` in the buffer.
    fn head(&mut self, at: usize) -> Result<(u8, usize), ReadError> {
        self.need(at, HEAD_BYTES)?;
        let head = self.buffer.get(at..).and_then(<[u8]>::first_chunk::<HEAD_BYTES>);
        let [found, length @ ..] = *head.ok_or(self.fault(at, FormatErrorKind::Truncated))?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        match length_max(found) {
            Some(max) if length <= max => Ok((found, HEAD_BYTES + length)),
            Some(_) => Err(self.fault(at, FormatErrorKind::Form { found }).into()),
            None => Err(self.fault(at, FormatErrorKind::Frame { found }).into()),
        }
    }

    fn end(&mut self, length: usize) -> Result<(), ReadError> {
        self.need(0, length)?;
        let expected = self.digest.clone().finish();
        let found = match Frames::new(&self.buffer, 0).next() {
            Some(Ok(Frame::End(found))) => found,
            _ => return Err(self.fault(0, FormatErrorKind::Form { found: kind::END }).into()),
        };
        if found != expected {
            return Err(self.fault(0, FormatErrorKind::Digest).into());
        }
        if self.fill(length + 1)? {
            return Err(self.fault(length, FormatErrorKind::Trailing).into());
        }
        self.is_ended = true;
        Ok(())
    }

    fn need(&mut self, at: usize, length: usize) -> Result<(), ReadError> {
        if self.fill(at + length)? {
            Ok(())
        } else {
            Err(self.fault(self.buffer.len(), FormatErrorKind::Truncated).into())
        }
    }

    /// Reads until the buffer has that many bytes; false when the source ends before.
    fn fill(&mut self, length: usize) -> io::Result<bool> {
        while self.buffer.len() < length {
            let wanted = (length - self.buffer.len()).max(READ_BYTES) as u64;
            let read = self.source.by_ref().take(wanted).read_to_end(&mut self.buffer)?;
            if read == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut rest = Vec::with_capacity(BATCH_BYTES + READ_BYTES);
        rest.extend_from_slice(self.buffer.get(length..).unwrap_or_default());
        self.buffer.truncate(length);
        let taken = std::mem::replace(&mut self.buffer, rest);
        self.digest.update(&taken);
        self.offset += taken.len() as u64;
        taken
    }

    fn fault(&self, at: usize, kind: FormatErrorKind) -> FormatError {
        FormatError {
            offset: self.offset + at as u64,
            kind,
        }
    }
}
