//! Stores sealed rows in a transaction, and finds out which rows the database refuses.
//!
//! Invariant: the Merkle tree holds the commitments of exactly the rows that were stored, in their order.

use super::{
    batch::{Batch, Sent},
    rows::refusal,
};
use crate::error::Result;
use audit::merkle::Tree;
use std::ops::Range;
use store::{
    StoreError,
    tenant::{
        TenantTx,
        bulk::{self, Savepoint},
    },
};
use tabular::Refusal;
use tokio::sync::mpsc;
use types::{Dataset, EntryId, Field, ValueError};

/// Most refusals that a report lists.
pub(super) const REFUSALS_MAX: usize = 10_000;

/// Rows being stored.
pub(crate) struct Loader<'a> {
    tx: &'a TenantTx,
    dataset: &'a Dataset,
    entry: EntryId,
    /// What a column is called where the database refuses a field.
    pub(crate) headers: Vec<Option<String>>,
    /// Over what was stored.
    pub(crate) tree: Tree,
    /// Why rows were refused.
    pub(crate) refusals: Vec<Refusal>,
    /// How many rows were refused.
    pub(crate) refused: u64,
    /// The file broke off.
    pub(crate) broken: bool,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(tx: &'a TenantTx, dataset: &'a Dataset, entry: EntryId, tree: Tree) -> Self {
        Self {
            tx,
            dataset,
            entry,
            headers: vec![None; dataset.fields.len()],
            tree,
            refusals: Vec::new(),
            refused: 0,
            broken: false,
        }
    }

    /// Stores what the sealing thread sends, until its end or until `refused_max` rows were refused.
    ///
    /// # Errors
    /// What is no row's fault.
    pub(crate) async fn load(&mut self, from: &mut mpsc::Receiver<Sent>, refused_max: u64) -> Result<()> {
        while let Some(sent) = from.recv().await {
            match sent {
                Sent::End => return Ok(()),
                Sent::Failed(error) => return Err(error),
                Sent::Broken(refusal) => {
                    self.broken = true;
                    self.refuse(vec![refusal]);
                    return Ok(());
                }
                Sent::Batch(batch) => self.store(batch, refused_max).await?,
            }
            if self.refused >= refused_max {
                return Ok(());
            }
        }
        Err(crate::PlatformError::invariant(
            "the sealing thread stopped without an end",
        ))
    }

    fn refuse(&mut self, refusals: Vec<Refusal>) {
        self.refused += 1;
        let room = REFUSALS_MAX.saturating_sub(self.refusals.len());
        self.refusals.extend(refusals.into_iter().take(room));
    }

    /// Stores a batch; halves what the database refuses until the rows at fault are alone.
    async fn store(&mut self, batch: Batch, refused_max: u64) -> Result<()> {
        let mut ranges: Vec<Range<usize>> = std::iter::once(0..batch.records.len()).collect();
        let mut found: Vec<Vec<Refusal>> = Vec::new();
        while let Some(range) = ranges.pop().filter(|_| (found.len() as u64) < refused_max) {
            if range.is_empty() {
                continue;
            }
            match self.attempt(&batch, range.clone()).await {
                Ok(()) => batch.images[range]
                    .iter()
                    .for_each(|image| self.tree.push(&image.commitment)),
                Err(error) if !is_of_a_row(&error) => return Err(error.into()),
                Err(error) if range.len() == 1 => {
                    found.push(vec![self.explain(batch.places[range.start], &error)]);
                }
                Err(_) => {
                    let middle = range.start + range.len() / 2;
                    ranges.push(middle..range.end);
                    ranges.push(range.start..middle);
                }
            }
        }
        found.extend(batch.refused);
        found.sort_by_key(|refusals| refusals.first().map(|refusal| refusal.row));
        found.into_iter().for_each(|refusals| self.refuse(refusals));
        Ok(())
    }

    async fn attempt(&self, batch: &Batch, range: Range<usize>) -> std::result::Result<(), StoreError> {
        bulk::savepoint(self.tx, Savepoint::Set).await?;
        let stored = async {
            bulk::copy_images(self.tx, self.dataset.id, self.entry, &batch.images[range.clone()]).await?;
            bulk::copy_records(self.tx, self.dataset, &batch.records[range]).await
        };
        let step = match stored.await {
            Ok(()) => Savepoint::Release,
            Err(error) if is_of_a_row(&error) => {
                bulk::savepoint(self.tx, Savepoint::Return).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        bulk::savepoint(self.tx, step).await
    }

    fn explain(&self, place: (u64, u64), error: &StoreError) -> Refusal {
        let (constraint, fault) = match error {
            StoreError::Taken { constraint } => (constraint, ValueError::NotUnique),
            StoreError::Dangling { constraint } => (constraint, ValueError::Dangling),
            other => {
                return refusal(
                    place,
                    None,
                    "refused",
                    &format!("the database refused it: {other}"),
                );
            }
        };
        let named = |field: &&Field| {
            constraint
                .strip_prefix(&field.column())
                .is_some_and(|rest| rest.starts_with('_'))
        };
        let fields = self.dataset.fields.iter().enumerate();
        let found = fields.into_iter().find(|(_, field)| named(field));
        let column = found.map(|(number, field)| {
            self.headers[number]
                .clone()
                .unwrap_or_else(|| field.key.to_string())
        });
        refusal(place, column.as_deref(), fault.code(), &fault.to_string())
    }
}

/// Refusals that one row causes; everything else stops the import.
fn is_of_a_row(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Taken { .. } | StoreError::Dangling { .. } | StoreError::Refused { .. }
    )
}
