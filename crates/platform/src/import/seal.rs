//! The thread that reads a file, makes records of its rows and seals them.
//!
//! Invariant: record ids are in the order of the file.

use super::{
    batch::{Batch, Sent},
    bind::{Binding, Number, numbers_of},
    rows::{Next, Parsed, RowSource},
};
use crate::{
    Workspace,
    error::{PlatformError, Result},
    sealing,
    workspace::random,
};
use audit::RecordState;
use std::{
    collections::VecDeque,
    io::Read,
    sync::atomic::{AtomicU64, Ordering},
};
use store::tenant::{StoredRecord, bulk::BulkImage, record::next_numbers};
use tokio::{runtime::Handle, sync::mpsc};
use types::{EntryId, Record, RecordId, Value};

/// Auto numbers fetched at once.
const NUMBERS_AHEAD: i64 = 2_000;

/// Where new auto numbers come from.
pub(crate) enum Numbers {
    /// From the field's counter.
    Counter(Handle),
    /// From 1: nobody else sees the dataset before the import is done.
    Own,
    /// Nowhere: a record without a number stays without one, as it was.
    Kept,
}

/// One auto number field while its records are made.
struct NumberSource {
    number: Number,
    ahead: VecDeque<i64>,
    greatest: i64,
}

/// Makes records and seals them.
pub(crate) struct Sealer {
    workspace: Workspace,
    binding: Binding,
    entry: EntryId,
    key_version: i32,
    numbers: Numbers,
    sources: Vec<NumberSource>,
    began_ms: u64,
    ordinal: i32,
    ids: Ids,
    /// When the records go to the trash, if they do.
    deleted_at: Option<jiff::Timestamp>,
}

/// Which ids records get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// New ones.
    New,
    /// Those that the file names.
    Kept,
}

impl Sealer {
    pub(crate) fn new(
        workspace: &Workspace,
        binding: Binding,
        entry: EntryId,
        numbers: Numbers,
        ids: Ids,
        ordinal: i32,
    ) -> Self {
        let source = |number| NumberSource {
            number,
            ahead: VecDeque::new(),
            greatest: 0,
        };
        Self {
            sources: numbers_of(&binding.dataset).into_iter().map(source).collect(),
            key_version: i32::try_from(workspace.keys().current_version()).unwrap_or(i32::MAX),
            began_ms: workspace.now_ms(),
            workspace: workspace.clone(),
            binding,
            entry,
            numbers,
            ordinal,
            ids,
            deleted_at: None,
        }
    }

    /// Its records lie in the trash.
    pub(crate) fn into_trash(self) -> Self {
        let deleted_at = Some(self.workspace.now());
        Self { deleted_at, ..self }
    }

    fn seal(&mut self, parsed: Parsed) -> Result<(StoredRecord, BulkImage)> {
        let now = self.workspace.now();
        let author = self.workspace.caller().author();
        let id = match (self.ids, parsed.id) {
            (Ids::Kept, Some(id)) => id,
            (Ids::Kept | Ids::New, _) => self.next_id()?,
        };
        let mut values = parsed.values;
        self.number(&mut values)?;
        let record = Record {
            id,
            version: 1,
            created_at: now,
            created_by: author,
            updated_at: now,
            updated_by: author,
            deleted_at: self.deleted_at,
            values,
        };
        let state = match record.deleted_at {
            Some(_) => RecordState::Trashed,
            None => RecordState::Live,
        };
        let sealed = sealing::seal_record(
            &self.workspace,
            &self.binding.dataset,
            &record,
            None,
            state,
            self.entry,
        )?;
        let image = BulkImage {
            record: id,
            version: 1,
            ordinal: self.ordinal,
            key_version: self.key_version,
            commitment: sealed.stored.commitment,
            sealed: sealed.image,
        };
        self.ordinal = self
            .ordinal
            .checked_add(1)
            .ok_or_else(|| PlatformError::invariant("too many rows"))?;
        Ok((sealed.stored, image))
    }

    /// The twelve bits after the milliseconds count (RFC 9562 section 6.2), so that ids sort as the rows do.
    fn next_id(&self) -> Result<RecordId> {
        let ordinal = u64::from(self.ordinal.unsigned_abs());
        let mut bytes: [u8; 10] = random()?;
        let [.., high, low] = (ordinal % 4_096).to_be_bytes();
        (bytes[0], bytes[1]) = (high, low);
        Ok(RecordId::new(self.began_ms + ordinal / 4_096, bytes))
    }

    /// Numbers that the file names are kept; the others are the next.
    fn number(&mut self, values: &mut [Value]) -> Result<()> {
        for source in &mut self.sources {
            let value = &mut values[source.number.place];
            if value.is_empty() {
                let next = match &self.numbers {
                    Numbers::Kept => continue,
                    Numbers::Own => source.greatest + 1,
                    Numbers::Counter(runtime) => source.next(&self.workspace, runtime)?,
                };
                *value = Value::Integer(next);
            }
            if let Value::Integer(number) = value {
                source.greatest = source.greatest.max(*number);
            }
        }
        Ok(())
    }

    /// The greatest auto numbers that were given or kept.
    fn greatest(&self) -> Vec<(Number, i64)> {
        let sources = self.sources.iter();
        sources.map(|source| (source.number, source.greatest)).collect()
    }
}

impl NumberSource {
    fn next(&mut self, workspace: &Workspace, runtime: &Handle) -> Result<i64> {
        if self.ahead.is_empty() {
            let fetched = next_numbers(workspace.tenant(), self.number.field, NUMBERS_AHEAD);
            self.ahead = runtime.block_on(fetched)?.into();
        }
        self.ahead
            .pop_front()
            .ok_or_else(|| PlatformError::invariant("a counter without numbers"))
    }
}

/// Reads a file to its end and sends its rows, sealed, in batches. Returns the greatest auto numbers. Stops when nobody
/// receives any more.
pub(crate) fn produce<R: Read>(
    source: std::result::Result<RowSource<R>, tabular::Refusal>,
    sealer: &mut Sealer,
    rows: &AtomicU64,
    to: &mpsc::Sender<Sent>,
) -> Vec<(Number, i64)> {
    let last = match source {
        Ok(mut source) => send_all(&mut source, sealer, rows, to),
        Err(refusal) => Sent::Broken(refusal),
    };
    // Nobody waits for the end when nobody receives.
    let _gone = to.blocking_send(last);
    sealer.greatest()
}

fn send_all<R: Read>(
    source: &mut RowSource<R>,
    sealer: &mut Sealer,
    rows: &AtomicU64,
    to: &mpsc::Sender<Sent>,
) -> Sent {
    let mut batch = Batch::default();
    loop {
        let end = match source.next(&sealer.binding) {
            Next::Row(parsed) => {
                let place = parsed.place;
                match sealer.seal(parsed) {
                    Ok((record, image)) => batch.push(place, record, image),
                    Err(error) => return Sent::Failed(error),
                }
                None
            }
            Next::Refused(refused) => {
                batch.refused.push(refused);
                None
            }
            Next::Broken(refusal) => Some(Sent::Broken(refusal)),
            Next::End => Some(Sent::End),
        };
        if end.is_none() {
            rows.fetch_add(1, Ordering::Relaxed);
        }
        if (batch.is_full() || end.is_some()) && !batch.is_empty() {
            let full = std::mem::take(&mut batch);
            if to.blocking_send(Sent::Batch(full)).is_err() {
                return Sent::End;
            }
        }
        if let Some(end) = end {
            return end;
        }
    }
}
