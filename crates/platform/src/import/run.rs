//! The job that imports: the file streams through a thread that seals and a transaction that stores.
//!
//! Invariants: one transaction, one entry for all records, whose id is the import's; the uploaded file goes with the
//! commit, or with the report of an import that takes nothing; a second attempt that finds the entry, or that report,
//! imports nothing.

use super::{
    Destination, ImportPlan, Mode, OnRefusal,
    bind::{Binding, Number, draft_of, numbers_of},
    document::Document,
    load::Loader,
    outcome::{Counts, report_id, write_report},
    rows::RowSource,
    seal::{Ids, Numbers, Sealer, produce},
};
use crate::{
    Platform, Workspace,
    act::{Act, Commitments, Object, vault_failure},
    dataset,
    error::{PlatformError, Result},
    file::{self, FilePurpose},
    job::{self, Meter},
    pipe::{PipeReader, pipe},
};
use access::{Permission, Permit};
use audit::merkle::Tree;
use std::sync::{Arc, atomic::Ordering};
use store::{
    StoreError,
    control::job::{self as job_rows, Job, Lease},
    tenant::{
        TenantTx,
        aggregate::{Measure, aggregate},
        audit as log, bulk, catalogue,
        file::{self as file_rows, StoredFile},
        query::{Place, Selection},
        record::next_numbers,
    },
};
use tokio::{runtime::Handle, sync::mpsc};
use types::{Dataset, EntryId, JobId, ProblemCode};

/// Batches that wait to be stored.
const BATCHES_AHEAD: usize = 2;
/// An import that takes all or nothing stops looking for more after so many refused rows.
const REFUSED_ENOUGH: u64 = 1_000;
/// Auto numbers passed over at once.
const NUMBERS_AT_ONCE: i64 = 100_000;

/// Runs an import, or tries it.
pub(crate) async fn run(
    platform: &Platform,
    job: &Job,
    meter: &Meter,
    mode: Mode,
) -> Result<serde_json::Value> {
    let workspace = job::enter(platform, job).await?;
    let import = job::payload_of(job)?.subject;
    let document = Document::load(&workspace, import).await?;
    let entry = match mode {
        Mode::Import => EntryId(import.0),
        Mode::DryRun => workspace.new_entry_id()?,
    };
    let refused_before = document.counts.clone().filter(|_| mode == Mode::Import);
    let counts = match (found_entry(&workspace, entry).await?, refused_before) {
        (Some(rows), _) => recover(&workspace, &document, rows).await?,
        // Counts without an entry: an earlier attempt refused the file, and died before it could say so.
        (None, Some(counts)) => counts,
        (None, None) => {
            let run = Run {
                workspace: &workspace,
                job,
                meter,
                mode,
                plan: &document.plan,
                entry,
            };
            run.perform(&document).await?
        }
    };
    serde_json::to_value(counts).map_err(vault_failure)
}

/// How many records the entry of an earlier attempt has, if that attempt got as far as its commit.
async fn found_entry(workspace: &Workspace, entry: EntryId) -> Result<Option<u64>> {
    let stored = match log::find_entry(workspace.tenant(), entry).await {
        Err(StoreError::NotFound) => return Ok(None),
        found => found?,
    };
    let tx = workspace.tenant().begin_snapshot().await?;
    let rows = log::commitments_of(&tx, &stored).await?.len();
    tx.close().await?;
    Ok(Some(rows as u64))
}

/// An earlier attempt did it and died before it could say so. The counters may still stand behind where that attempt was
/// one of a release that moved them after the commit; papers of such a release have no counts.
async fn recover(workspace: &Workspace, document: &Document, rows: u64) -> Result<Counts> {
    let key = match &document.plan.dataset {
        Destination::Existing { key } => key.clone(),
        Destination::New { key, label } if key.is_empty() => types::name::key_from_label(label, &|_| false),
        Destination::New { key, .. } => key.clone(),
    };
    let dataset = catalogue::find(workspace.tenant(), &key).await?;
    let mut greatest = Vec::new();
    for number in numbers_of(&dataset) {
        greatest.push((number, greatest_number(workspace, &dataset, number).await?));
    }
    advance(workspace, &greatest).await?;
    Ok(document.counts.clone().unwrap_or_else(|| Counts {
        rows_read: rows,
        rows_imported: rows,
        dataset: Some(key),
        ..Counts::default()
    }))
}

/// The greatest auto number among the live records.
async fn greatest_number(workspace: &Workspace, dataset: &Dataset, number: Number) -> Result<i64> {
    let filter = types::Filter::All(Vec::new());
    let selection = Selection {
        place: Place::Live,
        filter: &filter,
        search: None,
        blind: &|_, _| Vec::new(),
    };
    let measures = [Measure::Greatest(number.field)];
    let bins = aggregate(workspace.tenant(), dataset, &selection, &[], &measures).await?;
    let value = bins.first().and_then(|bin| bin.measures.first()?.as_ref());
    Ok(value.and_then(|text| text.parse().ok()).unwrap_or(0))
}

struct Run<'a> {
    workspace: &'a Workspace,
    job: &'a Job,
    meter: &'a Meter,
    mode: Mode,
    plan: &'a ImportPlan,
    entry: EntryId,
}

/// What the rows left behind.
struct Loaded {
    tree: Tree,
    refusals: Vec<tabular::Refusal>,
    refused: u64,
    broken: bool,
    greatest: Vec<(Number, i64)>,
}

impl Run<'_> {
    async fn perform(&self, document: &Document) -> Result<Counts> {
        let workspace = self.workspace;
        let permit = workspace.permit(Permission::RecordImport).await?;
        let (_, stored) = file::find(workspace, FilePurpose::Import, document.file).await?;
        let total = u64::try_from(stored.size).unwrap_or(0);
        self.meter.bytes_total.store(total, Ordering::Relaxed);
        let tx = workspace.begin_sealing(&permit).await?;
        let dataset = self.destination(&permit, &tx).await?;
        let binding = Binding::new(&permit, Arc::clone(&dataset), &self.plan.columns)?;
        let loaded = self.load(&tx, &stored, binding).await?;
        let mut counts = Counts {
            dry_run: self.mode == Mode::DryRun,
            rows_read: self.meter.rows.load(Ordering::Relaxed),
            rows_imported: loaded.tree.size(),
            refused_count: loaded.refused,
            dataset: Some(dataset.key.to_string()),
            error: None,
        };
        let stopping =
            loaded.broken || (loaded.refused > 0 && self.plan.on_refusal == OnRefusal::AllOrNothing);
        if stopping {
            counts.error = Some(refused_sentence(&loaded));
        }
        match self.mode {
            Mode::Import if !stopping => {
                document
                    .forget_rows(workspace, &tx, JobId(self.entry.0), Some(&counts))
                    .await?;
                self.commit(tx, &dataset, &stored, &loaded).await?;
            }
            Mode::Import => {
                tx.close().await?;
                workspace.forget_datasets();
                counts.rows_imported = 0;
                counts.dataset = None;
                self.refuse(&permit, document, &loaded, &counts).await?;
            }
            Mode::DryRun => {
                tx.close().await?;
                workspace.forget_datasets();
                self.report_apart(&permit, &loaded).await?;
            }
        }
        Ok(counts)
    }

    /// The dataset, held as it is until the transaction ends, or made in it.
    async fn destination(&self, permit: &Permit, tx: &TenantTx) -> Result<Arc<Dataset>> {
        let workspace = self.workspace;
        match &self.plan.dataset {
            Destination::Existing { key } => {
                workspace.forget_datasets();
                let dataset = workspace.dataset_to_change(permit, key).await?;
                bulk::hold_definition(tx, &dataset).await?;
                Ok(dataset)
            }
            Destination::New { key, label } => {
                workspace.permit(Permission::DatasetDefine).await?;
                let draft = draft_of(self.plan, key, label)?;
                Ok(Arc::new(dataset::create_within(workspace, tx, &draft).await?))
            }
        }
    }

    async fn load(&self, tx: &TenantTx, stored: &StoredFile, binding: Binding) -> Result<Loaded> {
        let dataset = Arc::clone(&binding.dataset);
        let mut loader = Loader::new(tx, &dataset, self.entry, Tree::default());
        for column in &binding.columns {
            loader.headers[column.place] = Some(column.header.clone());
        }
        let refused_max = match self.plan.on_refusal {
            OnRefusal::AllOrNothing => REFUSED_ENOUGH,
            OnRefusal::SkipRows => u64::MAX,
        };
        let numbers = match self.plan.dataset {
            Destination::Existing { .. } => Numbers::Counter(Handle::current()),
            Destination::New { .. } => Numbers::Own,
        };
        let mut sealer = Sealer::new(self.workspace, binding, self.entry, numbers, Ids::New, 0);
        let (feeder, reader) = pipe(Arc::clone(&self.meter.bytes));
        let (sender, mut receiver) = mpsc::channel(BATCHES_AHEAD);
        let (plan, rows) = (self.plan.clone(), Arc::clone(&self.meter.rows));
        let thread = tokio::task::spawn_blocking(move || {
            let source = RowSource::<PipeReader>::open(reader, &plan);
            produce(source, &mut sealer, &rows, &sender)
        });
        let feeding = feeder.feed(file::read(self.workspace, stored));
        let loading = async {
            let result = loader.load(&mut receiver, refused_max).await;
            // The thread must not wait for a receiver that has enough.
            drop(receiver);
            result
        };
        let (fed, result, greatest) = tokio::join!(feeding, loading, thread);
        fed?;
        result?;
        Ok(Loaded {
            tree: loader.tree,
            refusals: loader.refusals,
            refused: loader.refused,
            broken: loader.broken,
            greatest: greatest.map_err(|error| PlatformError::invariant(error.to_string()))?,
        })
    }

    async fn commit(
        &self,
        tx: TenantTx,
        dataset: &Dataset,
        stored: &StoredFile,
        loaded: &Loaded,
    ) -> Result<()> {
        let workspace = self.workspace;
        file_rows::remove(&tx, stored.id).await?;
        if loaded.refused > 0 {
            write_report(workspace, &tx, self.job.id, &loaded.refusals).await?;
        }
        let object = || Object::new("dataset", dataset.id);
        let mut place = (1, 1);
        if let Destination::New { .. } = self.plan.dataset {
            let act = Act::configuration("dataset.create", object()).placed(1, 2);
            tx.append(&workspace.plain_entry(&act)?).await?;
            place = (2, 2);
        }
        let commitments = Commitments {
            after: loaded.tree.root().0,
            ..Commitments::default()
        };
        let reason = format!("{} rows imported, {} refused", loaded.tree.size(), loaded.refused);
        let act = Act::change("import.run", object(), dataset.schema_version)
            .because(&reason)
            .placed(place.0, place.1);
        let entry = workspace.entry(self.entry, &act, commitments)?;
        // Before the commit: whatever ended the job after it would leave the counters behind, and the next records would
        // meet numbers that are taken. A commit that fails leaves a gap only.
        for (number, greatest) in &loaded.greatest {
            bulk::advance_counter(&tx, number.field, *greatest).await?;
        }
        self.check_lease().await?;
        tx.commit(&entry).await?;
        workspace.forget_datasets();
        Ok(())
    }

    /// Whoever lost the job must not commit. Between this look and the commit the entry's id is the last guard: there is
    /// one import of one id.
    async fn check_lease(&self) -> Result<()> {
        let platform = self.workspace.platform();
        let progress = serde_json::to_value(self.meter.progress()).map_err(vault_failure)?;
        let mut keep = platform.control().keep().await?;
        match job_rows::set_progress(&mut keep, self.job, &progress).await? {
            Lease::Held => Ok(()),
            Lease::Lost => Err(PlatformError::new(
                ProblemCode::Conflict,
                "the import was called off",
            )),
        }
    }

    /// Ends an import that takes nothing: the report stays, the uploaded file and its rows in the papers go.
    async fn refuse(
        &self,
        permit: &Permit,
        document: &Document,
        loaded: &Loaded,
        counts: &Counts,
    ) -> Result<()> {
        let workspace = self.workspace;
        let tx = workspace.tenant().begin(permit).await?;
        self.report(&tx, loaded).await?;
        file_rows::remove(&tx, document.file).await?;
        document
            .forget_rows(workspace, &tx, JobId(self.entry.0), Some(counts))
            .await?;
        // Another worker may read the file by now.
        self.check_lease().await?;
        let act = Act::access("import.refuse", Object::new("import", self.job.id));
        tx.commit(&workspace.plain_entry(&act)?).await?;
        Ok(())
    }

    /// The report of a run that kept nothing else.
    async fn report_apart(&self, permit: &Permit, loaded: &Loaded) -> Result<()> {
        if loaded.refused == 0 {
            return Ok(());
        }
        let workspace = self.workspace;
        let tx = workspace.tenant().begin(permit).await?;
        self.report(&tx, loaded).await?;
        let act = Act::access("import.refuse", Object::new("import", self.job.id));
        tx.commit(&workspace.plain_entry(&act)?).await?;
        Ok(())
    }

    /// Writes the report over that of an earlier attempt.
    async fn report(&self, tx: &TenantTx, loaded: &Loaded) -> Result<()> {
        file_rows::remove(tx, report_id(self.job.id)).await?;
        write_report(self.workspace, tx, self.job.id, &loaded.refusals).await
    }
}

fn refused_sentence(loaded: &Loaded) -> String {
    let rows = match loaded.refused {
        1 => "1 row was".to_owned(),
        count if count >= REFUSED_ENOUGH => format!("{count} rows or more were"),
        count => format!("{count} rows were"),
    };
    if loaded.broken {
        format!("the file cannot be read to its end and {rows} refused; nothing was imported")
    } else {
        format!("{rows} refused, so nothing was imported; mend the file, or skip such rows")
    }
}

/// Moves counters past the numbers that records have. Counting on is the one right that an organization's login has on a
/// counter.
async fn advance(workspace: &Workspace, greatest: &[(Number, i64)]) -> Result<()> {
    for (number, greatest) in greatest {
        let mut reached = 0;
        while reached < *greatest {
            let step = (greatest - reached).clamp(1, NUMBERS_AT_ONCE);
            // The first look takes one number only, as the counter may be past them all.
            let step = if reached == 0 { 1 } else { step };
            let taken = next_numbers(workspace.tenant(), number.field, step).await?;
            reached = taken.last().copied().unwrap_or(*greatest);
        }
    }
    Ok(())
}
