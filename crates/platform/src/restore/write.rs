//! New versions on their way into the database, batch by batch within one transaction.
//!
//! Invariant: both trees hold the commitments of exactly the versions that were written, in the order of their ordinals.

use super::turn::What;
use crate::{Workspace, error::Result, record::explain, sealing};
use audit::{RecordState, merkle::Tree};
use store::{
    StoreError,
    tenant::{
        StoredRecord, TenantTx,
        bulk::{self as rows, BulkImage, Savepoint},
    },
};
use types::{Dataset, EntryId, Record, RecordId};

/// A version that is sealed and not written.
#[derive(Clone)]
pub(super) struct Ready {
    what: What,
    before: [u8; 32],
    stored: StoredRecord,
    image: Vec<u8>,
}

impl Ready {
    pub(super) fn id(&self) -> RecordId {
        self.stored.id
    }
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Put {
    pub(super) done: Vec<What>,
    /// What the database refused, and why.
    pub(super) refused: Vec<(Ready, String)>,
}

/// Writes the versions of one restore.
pub(super) struct Writer<'a> {
    workspace: &'a Workspace,
    tx: &'a TenantTx,
    entry: EntryId,
    key_version: i32,
    before: Tree,
    after: Tree,
}

impl<'a> Writer<'a> {
    pub(super) fn new(workspace: &'a Workspace, tx: &'a TenantTx) -> Result<Self> {
        Ok(Self {
            workspace,
            tx,
            entry: workspace.new_entry_id()?,
            key_version: i32::try_from(workspace.keys().current_version()).unwrap_or(i32::MAX),
            before: Tree::default(),
            after: Tree::default(),
        })
    }

    pub(super) fn seal(
        &self,
        dataset: &Dataset,
        before: &StoredRecord,
        record: &Record,
        state: RecordState,
        what: What,
    ) -> Result<Ready> {
        let sealed = sealing::seal_record(self.workspace, dataset, record, Some(before), state, self.entry)?;
        Ok(Ready {
            what,
            before: before.commitment,
            stored: sealed.stored,
            image: sealed.image,
        })
    }

    /// Writes all at once; if the database refuses one, one by one, to find out which.
    pub(super) async fn put(&mut self, dataset: &Dataset, batch: Vec<Ready>) -> Result<Put> {
        let mut put = Put::default();
        if batch.is_empty() {
            return Ok(put);
        }
        if batch.len() > 1 && self.attempt(dataset, &batch).await?.is_none() {
            put.done = batch.iter().map(|ready| ready.what).collect();
            return Ok(put);
        }
        for ready in batch {
            match self.attempt(dataset, std::slice::from_ref(&ready)).await? {
                None => put.done.push(ready.what),
                Some(why) => put.refused.push((ready, why)),
            }
        }
        Ok(put)
    }

    /// Why the database refused, if it is a value that it refused.
    async fn attempt(&mut self, dataset: &Dataset, batch: &[Ready]) -> Result<Option<String>> {
        rows::savepoint(self.tx, Savepoint::Set).await?;
        match self.write(dataset, batch).await {
            Ok(()) => {}
            Err(error @ (StoreError::Taken { .. } | StoreError::Dangling { .. })) => {
                rows::savepoint(self.tx, Savepoint::Return).await?;
                let error = explain(dataset, error);
                let field = error
                    .errors
                    .first()
                    .map(|problem| format!("{}: ", problem.pointer));
                let field = field.unwrap_or_default();
                return Ok(Some(format!(
                    "{field}{}; the other record may be in the trash",
                    error.detail
                )));
            }
            Err(error) => return Err(error.into()),
        }
        rows::savepoint(self.tx, Savepoint::Release).await?;
        for ready in batch {
            self.before.push(&ready.before);
            self.after.push(&ready.stored.commitment);
        }
        Ok(None)
    }

    async fn write(&self, dataset: &Dataset, batch: &[Ready]) -> std::result::Result<(), StoreError> {
        let first = i32::try_from(self.after.size()).unwrap_or(i32::MAX);
        let images: Vec<BulkImage> = (first..)
            .zip(batch)
            .map(|(ordinal, ready)| self.image(ordinal, ready))
            .collect();
        rows::copy_images(self.tx, dataset.id, self.entry, &images).await?;
        for ready in batch {
            rows::update_record(self.tx, dataset, &ready.stored).await?;
        }
        Ok(())
    }

    fn image(&self, ordinal: i32, ready: &Ready) -> BulkImage {
        BulkImage {
            record: ready.stored.id,
            version: ready.stored.version,
            ordinal,
            key_version: self.key_version,
            commitment: ready.stored.commitment,
            sealed: ready.image.clone(),
        }
    }

    /// The entry's id, and the roots over the versions before and after.
    pub(super) fn finish(self) -> (EntryId, [u8; 32], [u8; 32]) {
        (self.entry, self.before.root().0, self.after.root().0)
    }
}
