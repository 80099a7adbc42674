//! The job that imports: the file streams through a thread that seals and a transaction that stores.
//!
//! Invariants: one transaction, one entry for all records, whose id is the import's; the uploaded file goes with the
//! commit, or with the report of an import that takes nothing, and what came of it is written down with it: a second
//! attempt that finds that imports nothing.

use super::{
    Destination, ImportPlan, Mode, OnRefusal,
    bind::{Binding, Number, draft_of},
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
    control::job::{self as job_rows, Job, Lease},
    tenant::{
        TenantTx, bulk,
        file::{self as file_rows, StoredFile},
    },
};
use tokio::{runtime::Handle, sync::mpsc};
use types::{Dataset, EntryId, JobId, ProblemCode};

/// Batches that wait to be stored.
const BATCHES_AHEAD: usize = 2;
/// An import that takes all or nothing stops looking for more after so many refused rows.
const REFUSED_ENOUGH: u64 = 1_000;

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
    // An earlier attempt came to its end, and died before it could say so.
    let counts = match document.counts.clone().filter(|_| mode == Mode::Import) {
        Some(counts) => counts,
        None => {
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
