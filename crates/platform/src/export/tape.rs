//! Reading a tar stream, member by member, out of hands that are not trusted.
//!
//! Invariants: only plain files, under names that are compared and never opened; nothing is held but a piece; a stream
//! longer than its bound, or that goes on behind its end, is refused.

use super::{envelope::MAGIC, restore::unfit};
use crate::error::{PlatformError, Result};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use types::ProblemCode;

/// A tar block.
pub(super) const BLOCK_BYTES: usize = 512;
/// Programs fill the last record of a tape up with zeros; 20 blocks by default.
const FILLING_BYTES_MAX: u64 = 64 << 10;

/// A tar stream, member by member.
pub(super) struct Tape<S> {
    stream: S,
    held: BytesMut,
    /// Bytes of the member that were not read yet, and of its padding.
    left: u64,
    padding: u64,
    /// How much may still come.
    bytes_left: u64,
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Tape<S> {
    /// A stream of at most so many bytes.
    pub(super) fn new(stream: S, bytes_max: u64) -> Self {
        Self {
            stream,
            held: BytesMut::new(),
            left: 0,
            padding: 0,
            bytes_left: bytes_max,
        }
    }

    async fn next_bytes(&mut self) -> Result<Option<Bytes>> {
        let Some(bytes) = self.stream.next().await.transpose()? else {
            return Ok(None);
        };
        let left = self.bytes_left.checked_sub(bytes.len() as u64);
        self.bytes_left = left.ok_or_else(|| {
            let message = "the archive is larger than uploads may be; ask the operator for a larger bound";
            PlatformError::new(ProblemCode::TooLarge, message)
        })?;
        Ok(Some(bytes))
    }

    async fn fill(&mut self) -> Result<()> {
        match self.next_bytes().await? {
            Some(bytes) => self.held.extend_from_slice(&bytes),
            None => return Err(unfit("the archive breaks off")),
        }
        Ok(())
    }

    /// The next bytes of the member; `None` after its last.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        while self.held.is_empty() {
            self.fill().await?;
        }
        let count = self
            .held
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= count as u64;
        Ok(Some(self.held.split_to(count).freeze()))
    }

    /// The name and size of the next member; `None` at the archive's end.
    pub(super) async fn next_member(&mut self) -> Result<Option<(String, u64)>> {
        self.left += std::mem::take(&mut self.padding);
        while self.piece().await?.is_some() {}
        while self.held.len() < BLOCK_BYTES {
            self.fill().await?;
        }
        let block = self.held.split_to(BLOCK_BYTES);
        if is_zero(&block) {
            return Ok(None);
        }
        if block.starts_with(MAGIC) {
            return Err(unfit(
                "the archive is encrypted; open it first, with `age --decrypt`",
            ));
        }
        let malformed = || unfit("a malformed tar header");
        let header = tar::Header::from_byte_slice(&block);
        // Links, devices and long names of other dialects: our own archives have none.
        if !header.entry_type().is_file() {
            return Err(unfit("the archive holds something else than plain files"));
        }
        let size = header.entry_size().map_err(|_| malformed())?;
        let path = std::str::from_utf8(&header.path_bytes()).map(str::to_owned);
        self.left = size;
        let padded = size.checked_next_multiple_of(BLOCK_BYTES as u64);
        self.padding = padded.ok_or_else(malformed)? - size;
        Ok(Some((path.map_err(|_| malformed())?, size)))
    }

    /// Reads the filling behind the last member.
    pub(super) async fn finish(mut self) -> Result<()> {
        let mut filling = self.held.len() as u64;
        let mut fine = is_zero(&self.held);
        while let Some(bytes) = self.next_bytes().await? {
            filling += bytes.len() as u64;
            fine &= is_zero(&bytes) && filling <= FILLING_BYTES_MAX;
            if !fine {
                break;
            }
        }
        if fine {
            Ok(())
        } else {
            Err(unfit("the archive goes on behind its end"))
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
