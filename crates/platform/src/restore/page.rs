//! The changed records of one dataset, a page at a time, each with what it was.

use super::{
    Tally,
    turn::{Step, Turn},
};
use crate::{Workspace, error::Result};
use jiff::Timestamp;
use std::collections::HashMap;
use store::tenant::{
    TenantTx,
    audit::StoredImage,
    past::{self, Aim, Hold},
};
use types::{Dataset, FieldId, RecordId};

/// Records that are read, sealed and written at once.
const PAGE: i64 = 250;

/// One dataset of an organization that is taken back.
pub(super) struct Reading<'a> {
    pub(super) workspace: &'a Workspace,
    tx: &'a TenantTx,
    pub(super) dataset: &'a Dataset,
    aim: Aim,
    /// What is written later is nobody's to undo.
    until: Timestamp,
    /// Fields that were not there yet keep the values that they have.
    pub(super) young: Vec<FieldId>,
}

/// Some of its records.
pub(super) struct Page {
    pub(super) turns: Vec<Turn>,
    /// Those that were changed between the look and the lock.
    pub(super) slipped: u64,
    /// The last one that was looked at.
    pub(super) last: RecordId,
}

impl<'a> Reading<'a> {
    pub(super) async fn of(
        workspace: &'a Workspace,
        tx: &'a TenantTx,
        dataset: &'a Dataset,
        aim: Aim,
        until: Timestamp,
    ) -> Result<Self> {
        let young = match aim {
            Aim::Moment(moment) => past::fields_since(tx, moment).await?,
            Aim::Before(_) => Vec::new(),
        };
        Ok(Self {
            workspace,
            tx,
            dataset,
            aim,
            until,
            young,
        })
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            dataset: self.dataset.key.to_string(),
            ..Tally::default()
        }
    }

    /// The next page after a record; none at the end.
    pub(super) async fn page(&self, after: Option<RecordId>, hold: Hold) -> Result<Option<Page>> {
        let changed = past::changed(self.tx, self.dataset, self.aim, self.until, after, PAGE).await?;
        let Some(last) = changed.last().map(|changed| changed.record) else {
            return Ok(None);
        };
        let ids: Vec<RecordId> = changed.iter().map(|changed| changed.record).collect();
        let versions: HashMap<RecordId, i64> = changed
            .iter()
            .map(|changed| (changed.record, changed.version))
            .collect();
        let rows = past::rows(self.tx, self.dataset, &ids, hold).await?;
        let images = past::images(self.tx, &ids, self.aim).await?.into_iter();
        let images: HashMap<RecordId, StoredImage> = images.map(|image| (image.record, image)).collect();
        let mut page = Page {
            turns: Vec::with_capacity(rows.len()),
            slipped: 0,
            last,
        };
        for stored in rows {
            if versions.get(&stored.id) == Some(&stored.version) {
                let step = Step::of(self, &stored, images.get(&stored.id))?;
                page.turns.push(Turn { stored, step });
            } else {
                page.slipped += 1;
            }
        }
        Ok(Some(page))
    }
}
