//! Several changes to one dataset's records as one act: all of them or none.
//!
//! Invariants: one transaction, one entry; every value at fault is named with its operation; records are locked in the
//! order of their ids, so that two bulk acts wait for each other instead of failing.

use crate::{
    Workspace,
    act::{Act, Commitments, Object},
    error::{PlatformError, Result},
    record::{self, Input, change_values, check_change, check_values, explain, new_values},
    rotation::check_unique,
    sealing::{self, Show},
    workspace::random,
};
use access::{Permission, Permit};
use audit::{RecordState, merkle};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{
    StoreError,
    tenant::{
        StoredRecord, TenantTx,
        bulk::{self as rows, BulkImage, Savepoint},
    },
};
use types::{Dataset, EntryId, FieldProblem, ProblemCode, Record, RecordId};

/// Most operations of one act.
pub const OPERATIONS_MAX: usize = 1_000;

/// One change.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A new record.
    Create {
        /// Its values.
        fields: Input,
    },
    /// Other values.
    Update {
        /// The record.
        id: RecordId,
        /// The version that is meant; without one, whichever it is.
        version: Option<i64>,
        /// The values that change.
        fields: Input,
    },
    /// Into the trash.
    Trash {
        /// The record.
        id: RecordId,
        /// As in an update.
        version: Option<i64>,
    },
    /// Out of the trash.
    Restore {
        /// The record.
        id: RecordId,
        /// As in an update.
        version: Option<i64>,
    },
}

impl Operation {
    fn target(&self) -> Option<RecordId> {
        match self {
            Self::Create { .. } => None,
            Self::Update { id, .. } | Self::Trash { id, .. } | Self::Restore { id, .. } => Some(*id),
        }
    }
}

/// What an operation made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The record.
    pub id: RecordId,
    /// Its version now.
    pub version: i64,
}

/// Carries out operations in their order, all or none.
///
/// # Errors
/// `invalid` with pointers such as `/operations/3/fields/amount`; `stale-version`, `not-found` and `conflict` name the
/// operation in the same way.
pub async fn apply(workspace: &Workspace, dataset: &str, operations: Vec<Operation>) -> Result<Vec<Applied>> {
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        let message = format!("1 to {OPERATIONS_MAX} operations");
        return Err(PlatformError::invalid_at("/operations", "too-long", message));
    }
    let permit = workspace.permit(Permission::RecordWrite).await?;
    let dataset = workspace.dataset_to_change(&permit, dataset).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    if let Err(error) = rows::hold_definition(&tx, &dataset).await {
        workspace.forget_datasets();
        return Err(error.into());
    }
    let current = lock(workspace, &tx, &dataset, &operations).await?;
    let mut act = BulkAct {
        workspace,
        permit: &permit,
        dataset: Arc::clone(&dataset),
        entry: workspace.new_entry_id()?,
        current,
        steps: Vec::with_capacity(operations.len()),
        errors: Vec::new(),
    };
    for (number, operation) in operations.into_iter().enumerate() {
        act.add(number, operation).await?;
    }
    if !act.errors.is_empty() {
        return Err(PlatformError::invalid(act.errors));
    }
    act.commit(tx).await
}

/// The records that operations name, locked.
async fn lock(
    workspace: &Workspace,
    tx: &TenantTx,
    dataset: &Dataset,
    operations: &[Operation],
) -> Result<BTreeMap<RecordId, (StoredRecord, Record)>> {
    let ids: BTreeSet<RecordId> = operations.iter().filter_map(Operation::target).collect();
    let mut found = BTreeMap::new();
    for id in ids {
        let stored = match rows::lock_record(tx, dataset, id).await {
            // Said where the operation is looked at, with its number.
            Err(StoreError::NotFound) => continue,
            found => found?,
        };
        let record = sealing::open_record(workspace, dataset, &stored, Show::Clear)?;
        found.insert(id, (stored, record));
    }
    Ok(found)
}

/// One operation, sealed.
struct Step {
    number: usize,
    before: [u8; 32],
    stored: StoredRecord,
    image: BulkImage,
}

struct BulkAct<'a> {
    workspace: &'a Workspace,
    permit: &'a Permit,
    dataset: Arc<Dataset>,
    entry: EntryId,
    /// Records as the operations so far leave them.
    current: BTreeMap<RecordId, (StoredRecord, Record)>,
    steps: Vec<Step>,
    errors: Vec<FieldProblem>,
}

/// Puts an operation's number before the pointers of a fault.
fn at(number: usize, error: PlatformError) -> PlatformError {
    let place = format!("/operations/{number}");
    let mut errors = error.errors;
    errors
        .iter_mut()
        .for_each(|problem| problem.pointer = format!("{place}{}", problem.pointer));
    if errors.is_empty() {
        errors.push(FieldProblem::new(
            place.clone(),
            error.code.as_str(),
            error.detail.clone(),
        ));
    }
    PlatformError {
        errors,
        detail: format!("{place}: {}", error.detail),
        ..error
    }
}

impl BulkAct<'_> {
    /// Takes an operation in. Values at fault are collected, so that all are reported at once.
    async fn add(&mut self, number: usize, operation: Operation) -> Result<()> {
        match self.prepare(number, operation).await {
            Ok(()) => Ok(()),
            Err(error) if error.code == ProblemCode::Invalid => {
                self.errors.extend(at(number, error).errors);
                Ok(())
            }
            Err(error) => Err(at(number, error)),
        }
    }

    async fn prepare(&mut self, number: usize, operation: Operation) -> Result<()> {
        match operation {
            Operation::Create { fields } => {
                let mut values = new_values(self.permit, &self.dataset, &fields)?;
                check_values(&self.dataset, &values)?;
                check_unique(self.workspace, &self.dataset, None, &values).await?;
                if self.errors.is_empty() {
                    record::number(self.workspace, &self.dataset, &mut values).await?;
                }
                let record = self.new_record(values)?;
                self.seal(number, None, record, RecordState::Live)
            }
            Operation::Update { id, version, fields } => {
                let (stored, mut record) = self.expected(id, version)?;
                refuse_trashed(&record)?;
                let unchanged = record.values.clone();
                change_values(self.permit, &self.dataset, &fields, &mut record.values)?;
                check_change(self.permit, &self.dataset, &unchanged, &record.values)?;
                check_unique(self.workspace, &self.dataset, Some(id), &record.values).await?;
                self.seal(number, Some(stored), self.next_version(record), RecordState::Live)
            }
            Operation::Trash { id, version } => {
                let (stored, mut record) = self.expected(id, version)?;
                refuse_trashed(&record)?;
                record.deleted_at = Some(self.workspace.now());
                self.seal(
                    number,
                    Some(stored),
                    self.next_version(record),
                    RecordState::Trashed,
                )
            }
            Operation::Restore { id, version } => {
                let (stored, mut record) = self.expected(id, version)?;
                if record.deleted_at.take().is_none() {
                    let message = "the record is not in the trash";
                    return Err(PlatformError::new(ProblemCode::Conflict, message));
                }
                self.seal(number, Some(stored), self.next_version(record), RecordState::Live)
            }
        }
    }

    fn new_record(&self, values: Vec<types::Value>) -> Result<Record> {
        let now = self.workspace.now();
        let author = self.workspace.caller().author();
        Ok(Record {
            id: RecordId::new(self.workspace.now_ms(), random()?),
            version: 1,
            created_at: now,
            created_by: author,
            updated_at: now,
            updated_by: author,
            deleted_at: None,
            values,
        })
    }

    fn next_version(&self, record: Record) -> Record {
        Record {
            version: record.version + 1,
            updated_at: self.workspace.now(),
            updated_by: self.workspace.caller().author(),
            ..record
        }
    }

    fn expected(&self, id: RecordId, version: Option<i64>) -> Result<(StoredRecord, Record)> {
        let found = self.current.get(&id).cloned();
        let (stored, record) = found.ok_or_else(|| PlatformError::not_found("record"))?;
        if version.is_some_and(|version| version != record.version) {
            let message = format!("the record has version {} now", record.version);
            return Err(PlatformError::new(ProblemCode::Stale, message));
        }
        Ok((stored, record))
    }

    fn seal(
        &mut self,
        number: usize,
        before: Option<StoredRecord>,
        record: Record,
        state: RecordState,
    ) -> Result<()> {
        let workspace = self.workspace;
        let sealed = sealing::seal_record(
            workspace,
            &self.dataset,
            &record,
            before.as_ref(),
            state,
            self.entry,
        )?;
        let image = BulkImage {
            record: record.id,
            version: record.version,
            ordinal: i32::try_from(self.steps.len()).unwrap_or(i32::MAX),
            key_version: i32::try_from(workspace.keys().current_version()).unwrap_or(i32::MAX),
            commitment: sealed.stored.commitment,
            sealed: sealed.image,
        };
        self.current.insert(record.id, (sealed.stored.clone(), record));
        self.steps.push(Step {
            number,
            before: before.map_or([0; 32], |before| before.commitment),
            stored: sealed.stored,
            image,
        });
        Ok(())
    }

    async fn commit(self, tx: TenantTx) -> Result<Vec<Applied>> {
        let updates: Vec<&Step> = self.steps.iter().filter(|step| step.stored.version > 1).collect();
        self.copy_images(&tx, &updates).await?;
        let mut rest = self.steps.as_slice();
        while let Some(first) = rest.first() {
            let creates = rest.iter().take_while(|step| step.stored.version == 1).count();
            let (now, later) = rest.split_at(creates.max(1));
            if creates > 0 {
                self.insert(&tx, now).await?;
            } else {
                let updated = rows::update_record(&tx, &self.dataset, &first.stored).await;
                updated.map_err(|error| at(first.number, explain(&self.dataset, error)))?;
            }
            rest = later;
        }
        let commitments = Commitments {
            before: merkle::root(self.steps.iter().map(|step| step.before)).0,
            after: merkle::root(self.steps.iter().map(|step| step.image.commitment)).0,
            image_key: None,
        };
        let reason = format!("{} operations", self.steps.len());
        let object = Object::new("dataset", self.dataset.id);
        let act = Act::change("record.bulk", object, self.dataset.schema_version).because(&reason);
        tx.commit(&self.workspace.entry(self.entry, &act, commitments)?)
            .await?;
        let applied = |step: &Step| Applied {
            id: step.stored.id,
            version: step.stored.version,
        };
        Ok(self.steps.iter().map(applied).collect())
    }

    async fn copy_images(&self, tx: &TenantTx, steps: &[&Step]) -> Result<()> {
        let images: Vec<BulkImage> = steps.iter().map(|step| step.image.clone()).collect();
        Ok(rows::copy_images(tx, self.dataset.id, self.entry, &images).await?)
    }

    /// Inserts records at once; if the database refuses one, one by one, to say which. Images and rows are written
    /// within the same savepoint, as the audit check wants them of one writer.
    async fn insert(&self, tx: &TenantTx, steps: &[Step]) -> Result<()> {
        let records: Vec<StoredRecord> = steps.iter().map(|step| step.stored.clone()).collect();
        rows::savepoint(tx, Savepoint::Set).await?;
        self.copy_images(tx, &steps.iter().collect::<Vec<_>>()).await?;
        match rows::copy_records(tx, &self.dataset, &records).await {
            Ok(()) => return Ok(rows::savepoint(tx, Savepoint::Release).await?),
            Err(StoreError::Taken { .. } | StoreError::Dangling { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        rows::savepoint(tx, Savepoint::Return).await?;
        for step in steps {
            self.copy_images(tx, &[step]).await?;
            let copied = rows::copy_records(tx, &self.dataset, std::slice::from_ref(&step.stored)).await;
            copied.map_err(|error| at(step.number, explain(&self.dataset, error)))?;
        }
        Ok(())
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
