//! An archive back into an organization that is empty: the same definitions, ids, values and attachments.
//!
//! Invariants: one transaction, all or nothing; every member is what the manifest says, by SHA-256. What happened to
//! records before is not forged into the new log: they begin with version 1, by whoever restores.

use super::{
    manifest::{self, AttachmentLine, DatasetLine, Manifest},
    own_reference::{check_own_references, own_references},
    tape::Tape,
};
use crate::{
    Workspace,
    act::{Act, Commitments, Object},
    dataset::{FieldDraft, add_within, check_field, checked_description},
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
    import::{self, Binding, Ids, Loader, Numbers, RowSource, Sealer},
    organization::checked_name,
    pipe::pipe,
};
use access::{Permission, Permit};
use audit::merkle::Tree;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use openssl::sha::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use store::tenant::{TenantTx, bulk, catalogue, reference};
use tokio::sync::mpsc;
use types::{Dataset, DatasetId, DatasetKey, EntryId, Field, FieldId, ProblemCode};

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Datasets.
    pub datasets: usize,
    /// Records, those in the trash too.
    pub records: u64,
    /// Attachments.
    pub attachments: usize,
}

/// What cannot be an archive of ours, or not any more.
pub(super) fn unfit(message: impl Into<String>) -> PlatformError {
    PlatformError::invalid_at("/archive", "malformed", message)
}

/// Restores an archive into the caller's organization, which must have no dataset.
///
/// # Errors
/// `conflict` when the organization has datasets, `invalid` when the archive is no archive, was changed, or was made
/// with masks in place of sensitive values.
pub async fn restore_archive(
    workspace: &Workspace,
    stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<Restored> {
    workspace.permit(Permission::DatasetDefine).await?;
    let permit = workspace.permit(Permission::RecordImport).await?;
    if !catalogue::list(workspace.tenant()).await?.is_empty() {
        return Err(not_empty());
    }
    let mut tape = Tape::new(stream, workspace.platform().settings().upload_bytes_max);
    let manifest = manifest::read(&mut tape).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    if !catalogue::hold_empty(&tx).await? {
        return Err(not_empty());
    }
    let datasets = define(&tx, &manifest.datasets).await?;
    // Records come in the order of their ids, the trash last: one may refer to another that is not there yet.
    reference::defer(&tx, &own_references(&datasets)).await?;
    let mut restore = Restore {
        workspace,
        tx: &tx,
        entry: workspace.new_entry_id()?,
        manifest: &manifest,
        datasets: &datasets,
        tree: Tree::default(),
        greatest: BTreeMap::new(),
    };
    restore.members(&mut tape).await?;
    tape.finish().await?;
    let (tree, entry, greatest) = (restore.tree, restore.entry, restore.greatest);
    let counts = Restored {
        datasets: datasets.len(),
        records: tree.size(),
        attachments: manifest.attachments.len(),
    };
    check_own_references(&tx, &datasets).await?;
    // Before the commit: there is no second restore that could move what the first left behind.
    for (field, last) in greatest {
        bulk::advance_counter(&tx, field, last).await?;
    }
    commit(workspace, &permit, tx, entry, &tree, &datasets).await?;
    Ok(counts)
}

fn not_empty() -> PlatformError {
    let message =
        "an archive is restored into an organization without datasets; make a new organization for it";
    PlatformError::new(ProblemCode::Conflict, message)
}

/// Makes the datasets; references go to the new ones.
async fn define(tx: &TenantTx, lines: &[DatasetLine]) -> Result<Vec<Arc<Dataset>>> {
    let mut made: Vec<Dataset> = Vec::with_capacity(lines.len());
    let mut renumbered: BTreeMap<DatasetId, DatasetId> = BTreeMap::new();
    for line in lines {
        let key: DatasetKey = line
            .key
            .parse()
            .map_err(|_| unfit("a dataset's key is malformed"))?;
        let label = checked_name("/label", &line.label)?;
        let description = checked_description(&line.description)?;
        let id = catalogue::create_dataset(tx, &key, &label, &description).await?;
        renumbered.insert(line.id, id);
        made.push(catalogue::find_within(tx, id).await?);
        for (place, field) in line.fields.iter().enumerate() {
            let pointer = format!("/datasets/{key}/fields/{place}");
            let field = check_field(&made, &draft_of(field, &renumbered)?, &pointer)?;
            add_within(tx, id, &field, &pointer).await?;
        }
    }
    let mut whole = Vec::with_capacity(made.len());
    for dataset in made {
        whole.push(Arc::new(catalogue::find_within(tx, dataset.id).await?));
    }
    Ok(whole)
}

/// The field as it is to be made, where datasets have other numbers.
fn draft_of(field: &Field, renumbered: &BTreeMap<DatasetId, DatasetId>) -> Result<FieldDraft> {
    let mut rules = field.rules.clone();
    if let Some(target) = rules.dataset {
        let message = "two datasets refer to each other; such an archive cannot be restored";
        let found = renumbered.get(&target).copied();
        rules.dataset = Some(found.ok_or_else(|| unfit(message))?);
    }
    Ok(FieldDraft {
        key: field.key.to_string(),
        label: field.label.clone(),
        kind: field.kind,
        presence: field.presence,
        uniqueness: field.uniqueness,
        indexing: field.indexing,
        rules,
        references: None,
        default: field.default.clone(),
        help: field.help.clone(),
    })
}

async fn commit(
    workspace: &Workspace,
    permit: &Permit,
    tx: TenantTx,
    entry: EntryId,
    tree: &Tree,
    datasets: &[Arc<Dataset>],
) -> Result<()> {
    permit.require(Permission::RecordImport)?;
    let total = u32::try_from(datasets.len() + 1).unwrap_or(u32::MAX);
    for (place, dataset) in (1..).zip(datasets) {
        let object = Object::new("dataset", dataset.id);
        let act = Act::configuration("dataset.create", object).placed(place, total);
        tx.append(&workspace.plain_entry(&act)?).await?;
    }
    let commitments = Commitments {
        after: tree.root().0,
        ..Commitments::default()
    };
    let reason = format!("{} records", tree.size());
    let object = Object::new("organization", workspace.organization().id);
    let act = Act::change("archive.restore", object, 0)
        .because(&reason)
        .placed(total, total);
    tx.commit(&workspace.entry(entry, &act, commitments)?).await?;
    workspace.forget_datasets();
    Ok(())
}

struct Restore<'a> {
    workspace: &'a Workspace,
    tx: &'a TenantTx,
    entry: EntryId,
    manifest: &'a Manifest,
    datasets: &'a [Arc<Dataset>],
    tree: Tree,
    /// Auto numbers, of live records and those in the trash.
    greatest: BTreeMap<FieldId, i64>,
}

impl Restore<'_> {
    async fn members<S>(&mut self, tape: &mut Tape<S>) -> Result<()>
    where
        S: Stream<Item = Result<Bytes>> + Unpin,
    {
        for line in &self.manifest.members {
            let found = tape.next_member().await?;
            if found.as_ref().map(|(path, size)| (path, size)) != Some((&line.path, &line.size)) {
                return Err(unfit(format!("the archive lacks {}", line.path)));
            }
            let hash = Arc::new(Mutex::new(Sha256::new()));
            let bytes = hashed(tape, Arc::clone(&hash));
            self.member(&line.path, std::pin::pin!(bytes)).await?;
            let hash = std::mem::take(&mut *hash.lock().unwrap_or_else(PoisonError::into_inner));
            if hex::encode(hash.finish()) != line.sha256 {
                return Err(unfit(format!("{} was changed or cut", line.path)));
            }
        }
        match tape.next_member().await? {
            None => Ok(()),
            Some((path, _)) => Err(unfit(format!("the manifest does not name {path}"))),
        }
    }

    async fn member(
        &mut self,
        path: &str,
        mut bytes: impl Stream<Item = Result<Bytes>> + Unpin,
    ) -> Result<()> {
        if let Some(id) = path.strip_prefix("attachments/") {
            let named = |line: &&AttachmentLine| line.id.to_string() == id;
            let found = self.manifest.attachments.iter().find(named);
            return self
                .attachment(found.ok_or_else(|| unfit("an unknown attachment"))?, bytes)
                .await;
        }
        let records = path
            .strip_prefix("datasets/")
            .and_then(|name| name.strip_suffix(".jsonl"));
        if let Some(name) = records {
            let (key, trashed) = match name.strip_suffix(".trash") {
                Some(key) => (key, true),
                None => (name, false),
            };
            let mut known = self.datasets.iter().zip(&self.manifest.datasets);
            let found = known.find(|(dataset, _)| dataset.key.as_str() == key);
            let (dataset, line) = found.ok_or_else(|| unfit("an unknown dataset"))?;
            let before = self.tree.size();
            self.records(Arc::clone(dataset), trashed, bytes).await?;
            let promised = if trashed {
                line.records_in_trash
            } else {
                line.records
            };
            if self.tree.size() - before != promised {
                return Err(unfit(format!(
                    "{path} does not hold the {promised} records that it should"
                )));
            }
            return Ok(());
        }
        // CSV, history and what stands about the organization are for people; only their hashes are looked at. An archive makes nobody
        // a member.
        while let Some(piece) = bytes.next().await {
            piece?;
        }
        Ok(())
    }

    async fn attachment(
        &self,
        line: &AttachmentLine,
        bytes: impl Stream<Item = Result<Bytes>> + Unpin,
    ) -> Result<()> {
        let name = checked_name("/name", &line.name)?;
        let media_type = file::checked_media_type(&line.media_type)?;
        let new = NewFile {
            id: line.id,
            purpose: FilePurpose::Attachment,
            name: &name,
            media_type: &media_type,
        };
        file::write(self.workspace, self.tx, &new, bytes)
            .await
            .map(|_| ())
    }

    async fn records(
        &mut self,
        dataset: Arc<Dataset>,
        trashed: bool,
        bytes: impl Stream<Item = Result<Bytes>> + Unpin,
    ) -> Result<()> {
        let tree = std::mem::take(&mut self.tree);
        let ordinal = i32::try_from(tree.size()).unwrap_or(i32::MAX);
        let mut loader = Loader::new(self.tx, &dataset, self.entry, tree);
        let binding = Binding::whole(Arc::clone(&dataset));
        let mut sealer = Sealer::new(
            self.workspace,
            binding,
            self.entry,
            Numbers::Kept,
            Ids::Kept,
            ordinal,
        );
        if trashed {
            sealer = sealer.into_trash();
        }
        let (feeder, reader) = pipe(Arc::default());
        let (sender, mut receiver) = mpsc::channel(2);
        let thread = tokio::task::spawn_blocking(move || {
            let rows = std::sync::atomic::AtomicU64::new(0);
            import::produce(RowSource::json(reader), &mut sealer, &rows, &sender)
        });
        let loading = async {
            let result = loader.load(&mut receiver, 1).await;
            drop(receiver);
            result
        };
        let (fed, result, greatest) = tokio::join!(feeder.feed(bytes), loading, thread);
        fed?;
        result?;
        if let Some(refusal) = loader.refusals.first() {
            let column = refusal.column.as_deref().unwrap_or("the record");
            let message = format!(
                "{}: record {}, {column}: {}",
                dataset.key, refusal.row, refusal.message
            );
            return Err(unfit(message));
        }
        self.tree = loader.tree;
        for (number, greatest) in greatest.map_err(|error| PlatformError::invariant(error.to_string()))? {
            let known = self.greatest.entry(number.field).or_default();
            *known = greatest.max(*known);
        }
        Ok(())
    }
}

/// The member's bytes, hashed as they go by.
fn hashed<S>(tape: &mut Tape<S>, hash: Arc<Mutex<Sha256>>) -> impl Stream<Item = Result<Bytes>>
where
    S: Stream<Item = Result<Bytes>> + Unpin,
{
    stream::try_unfold((tape, hash), async |(tape, hash)| {
        let piece = tape.piece().await?;
        Ok(piece.map(|piece| {
            hash.lock().unwrap_or_else(PoisonError::into_inner).update(&piece);
            (piece, (tape, hash))
        }))
    })
}
