//! Single records: create, read, change, trash, restore, purge, reveal, history. Each change is one statement in the
//! database, with its entry and its sealed after-image.
//!
//! Invariant: every function begins by asking the workspace for a permit, and a value leaves in the clear only under a
//! permit that may reveal it.

mod history;
mod input;
mod problem;

pub use history::{Change, HistoryPage, Step, history};
pub use input::{Input, read_input};
pub(crate) use input::{change_values, default_value, new_values};
pub(crate) use problem::explain;

use crate::{
    Workspace,
    act::{Act, Commitments, Object},
    error::{PlatformError, Result},
    file,
    person::files_of,
    rotation::check_unique,
    sealing::{self, Show},
    workspace::{random, visible},
};
use access::{Permission, Permit};
use audit::RecordState;
use std::{collections::BTreeSet, sync::Arc};
use store::{
    StoreError,
    tenant::{RecordChange, StoredRecord, record as rows},
};
use types::{
    AttachmentId, Dataset, FieldKind, FieldProblem, ProblemCode, Record, RecordId, Value, ValueError,
    rule::check_value,
};

/// How often a write is tried again when its dataset was redefined meanwhile.
const ATTEMPTS: usize = 3;

/// A record with the definition it was read with.
#[derive(Debug, Clone)]
pub struct Found {
    /// The dataset.
    pub dataset: Arc<Dataset>,
    /// The record; sensitive fields are masked.
    pub record: Record,
}

/// Which version the caller means to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Exactly this one; another is refused as stale.
    Version(i64),
    /// Whichever it is now.
    Any,
}

/// Reads a record, in the trash or not.
///
/// # Errors
/// `not-found`, also for what the caller may not see.
pub async fn read(workspace: &Workspace, dataset: &str, id: RecordId) -> Result<Found> {
    let permit = workspace.permit(Permission::RecordRead).await?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let stored = find(workspace, &dataset, id).await?;
    let record = sealing::open_record(workspace, &dataset, &stored, Show::Masked)?;
    Ok(Found { dataset, record })
}

async fn find(workspace: &Workspace, dataset: &Dataset, id: RecordId) -> Result<StoredRecord> {
    match rows::find(workspace.tenant(), dataset, id).await {
        Err(StoreError::NotFound) => Err(PlatformError::not_found("record")),
        other => Ok(other?),
    }
}

/// Creates a record.
///
/// # Errors
/// `invalid` with every value at fault.
pub async fn create(workspace: &Workspace, dataset: &str, input: &Input) -> Result<Found> {
    let permit = workspace.permit(Permission::RecordWrite).await?;
    for _ in 0..ATTEMPTS {
        let dataset = workspace.dataset_to_change(&permit, dataset).await?;
        match create_once(workspace, &permit, &dataset, input).await {
            Err(error) if is_redefined(&error) => workspace.forget_datasets(),
            Err(error) => return Err(error),
            Ok(record) => return Ok(shown(&permit, &dataset, record)),
        }
    }
    Err(StoreError::Redefined.into())
}

async fn create_once(
    workspace: &Workspace,
    permit: &Permit,
    dataset: &Dataset,
    input: &Input,
) -> Result<Record> {
    let mut values = input::new_values(permit, dataset, input)?;
    number(workspace, dataset, &mut values).await?;
    check_values(dataset, &values)?;
    check_unique(workspace, dataset, None, &values).await?;
    let now = workspace.now();
    let author = workspace.caller().author();
    let record = Record {
        id: RecordId::new(workspace.now_ms(), random()?),
        version: 1,
        created_at: now,
        created_by: author,
        updated_at: now,
        updated_by: author,
        deleted_at: None,
        values,
    };
    let act = Act::change("record.create", Object::record(record.id), dataset.schema_version);
    let (stored, change) = prepare(workspace, dataset, &record, None, &act)?;
    rows::insert(workspace.tenant(), permit, dataset, &stored, change)
        .await
        .map_err(|error| explain(dataset, error))?;
    Ok(record)
}

/// Gives auto numbers their next value.
pub(crate) async fn number(workspace: &Workspace, dataset: &Dataset, values: &mut [Value]) -> Result<()> {
    for (field, value) in dataset.fields.iter().zip(values) {
        if field.kind == FieldKind::AutoNumber && value.is_empty() {
            let next = rows::next_numbers(workspace.tenant(), field.id, 1).await?;
            *value = next
                .first()
                .map_or(Value::Empty, |number| Value::Integer(*number));
        }
    }
    Ok(())
}

/// Checks every value against its field's rules.
pub(crate) fn check_values(dataset: &Dataset, values: &[Value]) -> Result<()> {
    check_some(dataset, values, |_| true)
}

/// Checks a change of `before` to `after`. What stays, and whoever changes the rest does not read in the clear, is not checked: rules can be
/// made to ask about it, and the refusal would answer.
pub(crate) fn check_change(
    permit: &Permit,
    dataset: &Dataset,
    before: &[Value],
    after: &[Value],
) -> Result<()> {
    let stays = |at: usize| before.get(at) == after.get(at);
    let is_read = |field: &types::Field| {
        field.kind != FieldKind::SensitiveText && permit.may_read_field(dataset.id.0, field.id.0)
    };
    check_some(dataset, after, |at| {
        !stays(at) || dataset.fields.get(at).is_some_and(is_read)
    })
}

/// Checks values of before against the rules of now, but for sensitive ones: nobody who asks for that reads them.
pub(crate) fn check_clear(dataset: &Dataset, values: &[Value]) -> Result<()> {
    let is_clear = |field: &types::Field| field.kind != FieldKind::SensitiveText;
    check_some(dataset, values, |at| dataset.fields.get(at).is_some_and(is_clear))
}

fn check_some(dataset: &Dataset, values: &[Value], is_checked: impl Fn(usize) -> bool) -> Result<()> {
    let fault = |(at, (field, value)): (usize, (&types::Field, &Value))| {
        if !is_checked(at) {
            return None;
        }
        let error = check_value(field, value).err()?;
        Some(FieldProblem::new(
            format!("/fields/{}", field.key),
            error.code(),
            error.to_string(),
        ))
    };
    let all = dataset.fields.iter().zip(values).enumerate();
    let errors: Vec<FieldProblem> = all.filter_map(fault).collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(PlatformError::invalid(errors))
    }
}

fn prepare(
    workspace: &Workspace,
    dataset: &Dataset,
    record: &Record,
    before: Option<&StoredRecord>,
    act: &Act<'_>,
) -> Result<(StoredRecord, RecordChange)> {
    let state = if record.deleted_at.is_some() {
        RecordState::Trashed
    } else {
        RecordState::Live
    };
    let entry_id = workspace.new_entry_id()?;
    let sealed = sealing::seal_record(workspace, dataset, record, before, state, entry_id)?;
    let commitments = Commitments {
        before: before.map_or([0; 32], |before| before.commitment),
        after: sealed.stored.commitment,
        image_key: Some(sealed.image_key),
    };
    let entry = workspace.entry(entry_id, act, commitments)?;
    Ok((
        sealed.stored,
        RecordChange {
            entry,
            image: sealed.image,
        },
    ))
}

/// Changes the fields that the input names.
///
/// # Errors
/// `stale-version` with the record as it is now, `invalid`, `not-found`, `conflict` for a record in the trash.
pub async fn update(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    expected: Expected,
    input: &Input,
) -> Result<Found> {
    let permit = workspace.permit(Permission::RecordWrite).await?;
    for _ in 0..ATTEMPTS {
        let dataset = workspace.dataset_to_change(&permit, dataset).await?;
        let change = async |workspace: &Workspace| -> Result<Record> {
            let (stored, mut record) = open_expected(workspace, &dataset, id, expected).await?;
            refuse_trashed(&record)?;
            let unchanged = record.values.clone();
            input::change_values(&permit, &dataset, input, &mut record.values)?;
            if record.values == unchanged {
                return Ok(record);
            }
            check_change(&permit, &dataset, &unchanged, &record.values)?;
            check_unique(workspace, &dataset, Some(id), &record.values).await?;
            store_next(workspace, &permit, &dataset, &stored, record, "record.update").await
        };
        match change(workspace).await {
            Err(error) if is_redefined(&error) => workspace.forget_datasets(),
            Err(error) if error.code == ProblemCode::Stale && expected == Expected::Any => {}
            Err(error) => return Err(error),
            Ok(record) => return Ok(shown(&permit, &dataset, record)),
        }
    }
    Err(PlatformError::new(
        ProblemCode::Conflict,
        "the record keeps changing; read it again and retry",
    ))
}

/// Puts a record into the trash.
///
/// # Errors
/// As [`update`].
pub async fn trash(workspace: &Workspace, dataset: &str, id: RecordId, expected: Expected) -> Result<Found> {
    move_record(workspace, dataset, id, expected, RecordState::Trashed).await
}

/// Takes a record out of the trash.
///
/// # Errors
/// As [`update`]; `conflict` when it is not in the trash.
pub async fn restore(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    expected: Expected,
) -> Result<Found> {
    move_record(workspace, dataset, id, expected, RecordState::Live).await
}

async fn move_record(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    expected: Expected,
    to: RecordState,
) -> Result<Found> {
    let permit = workspace.permit(Permission::RecordWrite).await?;
    let dataset = workspace.dataset_to_change(&permit, dataset).await?;
    let (stored, mut record) = open_expected(workspace, &dataset, id, expected).await?;
    let action = if to == RecordState::Live {
        if record.deleted_at.is_none() {
            return Err(PlatformError::new(
                ProblemCode::Conflict,
                "the record is not in the trash",
            ));
        }
        record.deleted_at = None;
        "record.restore"
    } else {
        refuse_trashed(&record)?;
        record.deleted_at = Some(workspace.now());
        "record.trash"
    };
    let record = store_next(workspace, &permit, &dataset, &stored, record, action).await?;
    Ok(shown(&permit, &dataset, record))
}

/// Removes a record in the trash for good, with the files that any version of it names and no other record has now. Its key is destroyed, and
/// with it what its history says; the commitments in the log still verify.
///
/// # Errors
/// `conflict` while it is not in the trash or another record refers to it; as [`update`] else.
pub async fn purge(workspace: &Workspace, dataset: &str, id: RecordId, expected: Expected) -> Result<()> {
    let files = files_named(workspace, dataset, id).await?;
    erase(workspace, dataset, id, expected, None).await?;
    for file in files {
        // The record is gone, and the act is not to be asked for again.
        if let Err(error) = file::erase_attachment(workspace, file, "its record was purged").await {
            tracing::warn!(file = %file, detail = %error.detail, "a file of a purged record could not be removed");
        }
    }
    Ok(())
}

/// To be asked before the record's key is gone, without which nobody knows.
async fn files_named(workspace: &Workspace, dataset: &str, id: RecordId) -> Result<BTreeSet<AttachmentId>> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let dataset = workspace.dataset_to_change(&permit, dataset).await?;
    match dataset
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::Attachment)
    {
        true => files_of(workspace, &dataset, id).await,
        false => Ok(BTreeSet::new()),
    }
}

/// The same with a reason in the entry: for an erasure that a person has a right to.
pub(crate) async fn purge_because(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    reason: &str,
) -> Result<()> {
    erase(workspace, dataset, id, Expected::Any, Some(reason)).await
}

async fn erase(
    workspace: &Workspace,
    dataset: &str,
    id: RecordId,
    expected: Expected,
    reason: Option<&str>,
) -> Result<()> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let dataset = workspace.dataset_to_change(&permit, dataset).await?;
    let (stored, record) = open_expected(workspace, &dataset, id, expected).await?;
    if record.deleted_at.is_none() {
        return Err(PlatformError::new(
            ProblemCode::Conflict,
            "put the record into the trash first",
        ));
    }
    let act = Act::erasure("record.purge", Object::record(id), dataset.schema_version);
    let act = match reason {
        Some(reason) => act.because(reason),
        None => act,
    };
    let entry_id = workspace.new_entry_id()?;
    let tombstone = sealing::seal_tombstone(workspace, &stored, entry_id)?;
    let commitments = Commitments {
        before: stored.commitment,
        after: tombstone.commitment,
        image_key: Some(tombstone.image_key),
    };
    let entry = workspace.entry(entry_id, &act, commitments)?;
    let change = RecordChange {
        entry,
        image: tombstone.image,
    };
    rows::purge(
        workspace.tenant(),
        &permit,
        &dataset,
        id,
        stored.version + 1,
        change,
    )
    .await
    .map_err(|error| explain(&dataset, error))
}

/// The clear value of one sensitive field. The act is an entry of its own, written before the value is handed out.
///
/// # Errors
/// `not-allowed` when the role may not reveal, `not-found`.
pub async fn reveal(workspace: &Workspace, dataset: &str, id: RecordId, field: &str) -> Result<Value> {
    let permit = workspace.permit(Permission::RecordReveal).await?;
    let dataset = workspace.dataset(&permit, dataset).await?;
    let (place, field) = dataset
        .field(field)
        .ok_or_else(|| PlatformError::not_found("field"))?;
    if !permit.may_see_field(dataset.id.0, field.id.0) {
        return Err(PlatformError::not_found("field"));
    }
    if !permit.may_reveal_field(dataset.id.0, field.id.0) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "your role may not reveal this field",
        ));
    }
    let stored = find(workspace, &dataset, id).await?;
    let mut record = sealing::open_record(workspace, &dataset, &stored, Show::Clear)?;
    let object = Object::new("record", format!("{id}/{}", field.key));
    workspace
        .note(&permit, &Act::access("record.reveal", object))
        .await?;
    Ok(record.values.swap_remove(place))
}

/// Reads a record in the clear for changing it, and refuses it when it has another version than expected.
async fn open_expected(
    workspace: &Workspace,
    dataset: &Dataset,
    id: RecordId,
    expected: Expected,
) -> Result<(StoredRecord, Record)> {
    let stored = find(workspace, dataset, id).await?;
    if let Expected::Version(version) = expected
        && version != stored.version
    {
        let current = sealing::open_record(workspace, dataset, &stored, Show::Masked)?;
        return Err(stale(current));
    }
    let record = sealing::open_record(workspace, dataset, &stored, Show::Clear)?;
    Ok((stored, record))
}

fn stale(current: Record) -> PlatformError {
    let detail = format!(
        "the record has version {} now; read it again and repeat your change",
        current.version
    );
    PlatformError {
        current: Some(Box::new(current)),
        ..PlatformError::new(ProblemCode::Stale, detail)
    }
}

fn refuse_trashed(record: &Record) -> Result<()> {
    match record.deleted_at {
        Some(_) => Err(PlatformError::new(
            ProblemCode::Conflict,
            "the record is in the trash; restore it first",
        )),
        None => Ok(()),
    }
}

async fn store_next(
    workspace: &Workspace,
    permit: &Permit,
    dataset: &Dataset,
    before: &StoredRecord,
    mut record: Record,
    action: &'static str,
) -> Result<Record> {
    record.version += 1;
    record.updated_at = workspace.now();
    record.updated_by = workspace.caller().author();
    let act = Act::change(action, Object::record(record.id), dataset.schema_version);
    let (stored, change) = prepare(workspace, dataset, &record, Some(before), &act)?;
    match rows::update(workspace.tenant(), permit, dataset, &stored, change).await {
        Ok(()) => Ok(record),
        Err(StoreError::NotFound) => {
            let stored = find(workspace, dataset, record.id).await?;
            Err(stale(sealing::open_record(
                workspace,
                dataset,
                &stored,
                Show::Masked,
            )?))
        }
        Err(error) => Err(explain(dataset, error)),
    }
}

/// The record as the permit's holder may see it: sensitive and masked values as masks, hidden fields left out.
pub(crate) fn shown(permit: &Permit, dataset: &Arc<Dataset>, mut record: Record) -> Found {
    let values = std::mem::take(&mut record.values)
        .into_iter()
        .zip(&dataset.fields)
        .filter(|(_, field)| permit.may_see_field(dataset.id.0, field.id.0));
    record.values = values
        .map(|(value, field)| match value {
            Value::Empty => Value::Empty,
            _ if !permit.may_read_field(dataset.id.0, field.id.0) => Value::Masked,
            Value::Sensitive(_) => Value::Masked,
            value => value,
        })
        .collect();
    Found {
        dataset: visible(permit, dataset),
        record,
    }
}

pub(crate) fn is_redefined(error: &PlatformError) -> bool {
    matches!(error.source, Some(crate::Failure::Store(StoreError::Redefined)))
}

/// A value's error as a problem at its field.
pub(crate) fn value_problem(pointer: &str, error: &ValueError) -> FieldProblem {
    FieldProblem::new(pointer, error.code(), error.to_string())
}
