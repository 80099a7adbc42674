//! Rows on their way from the thread that seals them to the task that stores them.

use store::tenant::{StoredRecord, bulk::BulkImage};
use tabular::Refusal;

/// Most rows of a batch.
pub(super) const BATCH_ROWS: usize = 2_000;
/// Most sealed bytes of a batch: rows may be long.
pub(super) const BATCH_BYTES: usize = 4 << 20;

/// Sealed rows; the three lists run in parallel.
#[derive(Default)]
pub(crate) struct Batch {
    /// Row and line of each.
    pub(crate) places: Vec<(u64, u64)>,
    /// The rows.
    pub(crate) records: Vec<StoredRecord>,
    /// Their images.
    pub(crate) images: Vec<BulkImage>,
    /// Rows among them that could not be read, in their order.
    pub(crate) refused: Vec<Vec<Refusal>>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, place: (u64, u64), record: StoredRecord, image: BulkImage) {
        self.bytes += 2 * image.sealed.len();
        self.places.push(place);
        self.records.push(record);
        self.images.push(image);
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() + self.refused.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.refused.is_empty()
    }
}

/// What the sealing thread sends.
pub(crate) enum Sent {
    /// The next rows.
    Batch(Batch),
    /// The file broke off there.
    Broken(Refusal),
    /// The file was read to its end.
    End,
    /// Our own failure.
    Failed(crate::PlatformError),
}
