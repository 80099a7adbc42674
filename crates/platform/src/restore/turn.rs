//! One record: what it was, what it is, and the version that takes it back.

use super::page::Reading;
use crate::{
    Workspace,
    error::Result,
    record::check_clear,
    sealing::{self, Show},
};
use audit::RecordState;
use store::tenant::{StoredRecord, audit::StoredImage};
use types::{Dataset, ProblemCode, Record, Value};

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It gets the values of then.
    Changed,
    /// It comes out of the trash.
    Back,
    /// It goes to the trash.
    Trashed,
}

/// A record as it is, and its step.
pub(super) struct Turn {
    pub(super) stored: StoredRecord,
    pub(super) step: Step,
}

/// What a restore does with a record.
pub(super) enum Step {
    /// It is as it was.
    Same,
    /// It gets another version.
    Next {
        record: Record,
        state: RecordState,
        what: What,
    },
    /// Its values of then fit its dataset no more.
    Unfit { why: String },
}

impl Step {
    /// A record without an image was not made yet: it goes to the trash, with its values.
    pub(super) fn of(
        reading: &Reading<'_>,
        stored: &StoredRecord,
        past: Option<&StoredImage>,
    ) -> Result<Self> {
        let workspace = reading.workspace;
        let record = sealing::open_record(workspace, reading.dataset, stored, Show::Clear)?;
        let (was_live, values) = match past {
            None => (false, record.values.clone()),
            Some(image) => {
                let image = sealing::open_image(workspace.keys(), &stored.record_key, image)?;
                let values = sealing::values_of(reading.dataset, &image);
                (
                    image.state == RecordState::Live,
                    keep_young(reading, values, &record),
                )
            }
        };
        let is_live = record.deleted_at.is_none();
        if values != record.values
            && let Some(why) = misfit(reading, &values)?
        {
            return Ok(Self::Unfit { why });
        }
        let what = match (is_live, was_live) {
            (true, false) => What::Trashed,
            (false, true) => What::Back,
            _ if values != record.values => What::Changed,
            _ => return Ok(Self::Same),
        };
        let now = workspace.now();
        let state = match was_live {
            true => RecordState::Live,
            false => RecordState::Trashed,
        };
        let record = Record {
            version: record.version + 1,
            updated_at: now,
            updated_by: workspace.caller().author(),
            deleted_at: (!was_live).then(|| record.deleted_at.unwrap_or(now)),
            values,
            ..record
        };
        Ok(Self::Next { record, state, what })
    }
}

fn keep_young(reading: &Reading<'_>, mut values: Vec<Value>, record: &Record) -> Vec<Value> {
    let fields = reading.dataset.fields.iter();
    for ((field, value), current) in fields.zip(&mut values).zip(&record.values) {
        if reading.young.contains(&field.id) {
            *value = current.clone();
        }
    }
    values
}

/// Why the values break a rule of the dataset as it is now.
fn misfit(reading: &Reading<'_>, values: &[Value]) -> Result<Option<String>> {
    match check_clear(reading.dataset, values) {
        Ok(()) => Ok(None),
        Err(error) if error.code == ProblemCode::Invalid => Ok(Some(sentence(&error))),
        Err(error) => Err(error),
    }
}

/// The first fault, which names the field and never the value.
pub(super) fn sentence(error: &crate::PlatformError) -> String {
    let first = error.errors.first();
    first.map_or_else(
        || error.detail.clone(),
        |problem| format!("{}: {}", problem.pointer, problem.message),
    )
}

/// The version that puts a record into the trash, with its values.
pub(super) fn trashed(workspace: &Workspace, dataset: &Dataset, stored: &StoredRecord) -> Result<Record> {
    let record = sealing::open_record(workspace, dataset, stored, Show::Clear)?;
    let now = workspace.now();
    Ok(Record {
        version: record.version + 1,
        updated_at: now,
        updated_by: workspace.caller().author(),
        deleted_at: Some(now),
        ..record
    })
}
