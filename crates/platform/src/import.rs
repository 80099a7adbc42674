//! Imports: a file is uploaded, looked at, planned, tried without effect, and taken in as one act.
//!
//! Invariants: an import is one transaction with one entry, whose id is the import's own, so that it happens at most
//! once however often its job is tried; what is read off the file is kept sealed; an import is seen by its maker only.
//! Start at [`upload`], then [`plan`], then [`start`].

mod abandoned;
mod analyse;
mod batch;
mod bind;
mod document;
mod load;
mod outcome;
mod plan;
mod rows;
mod run;
mod seal;

pub(crate) use abandoned::remove_abandoned;
pub use analyse::Analysis;
pub(crate) use bind::Binding;
pub(crate) use load::Loader;
pub use outcome::ImportOutcome;
pub use plan::{Cells, Destination, FileFormat, ImportPlan, OnRefusal};
pub(crate) use rows::RowSource;
pub(crate) use run::run;
pub(crate) use seal::{Ids, Numbers, Sealer, produce};

use crate::{
    Workspace,
    act::{Act, Object},
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
    job::{self, Progress},
    organization::checked_name,
    pipe::ByteStream,
};
use access::Permission;
use bytes::Bytes;
use document::Document;
use futures_util::Stream;
use jiff::Timestamp;
use store::{
    StoreError,
    control::job::{self as job_rows, Job, JobStart, JobState},
    tenant::{audit, file as file_rows},
};
use types::{AttachmentId, EntryId, JobId, PageSize, ProblemCode};

/// The kind of a job that imports.
pub(crate) const RUN: &str = "import.run";
/// The kind of a job that tries an import and takes everything back.
pub(crate) const CHECK: &str = "import.check";
/// The media type of an uploaded file, by which it is told from papers and reports.
const UPLOAD: &str = "application/octet-stream";

/// With or without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything is tried, nothing is kept.
    DryRun,
    /// The records are kept.
    Import,
}

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Uploaded; its plan can be changed.
    Draft,
    /// Its job waits for a worker.
    Waiting,
    /// Its job runs.
    Running,
    /// The records are there.
    Done,
    /// Nothing was imported.
    Failed,
    /// Called off.
    Cancelled,
}

impl ImportState {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<JobState> for ImportState {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Draft => Self::Draft,
            JobState::Waiting => Self::Waiting,
            JobState::Running => Self::Running,
            JobState::Done => Self::Done,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

/// An import, as its maker sees it.
#[derive(Debug, Clone)]
pub struct ImportView {
    /// Its id.
    pub id: JobId,
    /// The uploaded file's name.
    pub file_name: String,
    /// Where it is; while a dry run waits or runs, where that is.
    pub state: ImportState,
    /// What is to be done with the file.
    pub plan: ImportPlan,
    /// The first rows as they stand in the file, each cell cut at 80 characters, card numbers masked.
    pub preview: Vec<Vec<String>>,
    /// The columns' names.
    pub headers: Vec<String>,
    /// What the columns seem to hold, and why.
    pub guesses: Vec<tabular::ColumnGuess>,
    /// Why the encoding and the dialect were taken, a sentence each.
    pub evidence: Vec<String>,
    /// How far the job is.
    pub progress: Progress,
    /// What came of the last run.
    pub outcome: Option<ImportOutcome>,
    /// When the file came.
    pub created_at: Timestamp,
}

/// Takes a file and looks at it. `target` is the key of the dataset that the records go into; without one a new
/// dataset is proposed.
///
/// # Errors
/// `too-large`, `invalid` when nothing can be read off the file, `not-found` for the dataset.
pub async fn upload(
    workspace: &Workspace,
    file_name: &str,
    target: Option<&str>,
    stream: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<ImportView> {
    let permit = workspace.permit(Permission::RecordImport).await?;
    let name = checked_name("/name", file_name)?;
    if let Some(key) = target {
        workspace.dataset_to_change(&permit, key).await?;
    }
    let import = job::new_id(workspace.platform())?;
    let file = file::new_id(workspace)?;
    let tx = workspace.begin_sealing(&permit).await?;
    let new = NewFile {
        id: file,
        purpose: FilePurpose::Import,
        name: &name,
        media_type: UPLOAD,
    };
    let stored = file::write(workspace, &tx, &new, stream).await?;
    let act = Act::access("import.upload", Object::new("import", import));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    match document::begin(workspace, &permit, import, &stored, &name, target).await {
        Ok(()) => {}
        Err(error) => {
            discard(workspace, import, file, None).await?;
            return Err(error);
        }
    }
    job::enqueue(workspace, import, RUN, JobStart::Draft, import).await?;
    find(workspace, import).await
}

/// An import of the caller's.
///
/// # Errors
/// `not-found`, also for others' imports.
pub async fn find(workspace: &Workspace, id: JobId) -> Result<ImportView> {
    workspace.permit(Permission::RecordImport).await?;
    let job = own_job(workspace, id).await?;
    view(workspace, &job).await
}

/// The caller's newest imports, newest first.
///
/// # Errors
/// `unavailable`.
pub async fn list(workspace: &Workspace) -> Result<Vec<ImportView>> {
    workspace.permit(Permission::RecordImport).await?;
    let organization = Some(workspace.organization().id);
    let mut read = workspace.platform().control().read().await?;
    let jobs = job_rows::list(&mut read, organization, PageSize::default()).await?;
    drop(read);
    let own = workspace.caller().account().map(|account| account.id);
    let mut views = Vec::new();
    for job in jobs.iter().filter(|job| job.kind == RUN && job.account_id == own) {
        match view(workspace, job).await {
            Ok(view) => views.push(view),
            // Called off, its papers are gone.
            Err(error) if error.code == ProblemCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(views)
}

async fn own_job(workspace: &Workspace, id: JobId) -> Result<Job> {
    let found = job::find_own(workspace, id).await?;
    found
        .filter(|job| job.kind == RUN)
        .ok_or_else(|| PlatformError::not_found("import"))
}

async fn view(workspace: &Workspace, job: &Job) -> Result<ImportView> {
    let document = Document::load(workspace, job.id).await?;
    let check = match document.check {
        Some(check) if job.state == JobState::Draft => job::find_own(workspace, check).await?,
        Some(_) | None => None,
    };
    let shown = check.as_ref().unwrap_or(job);
    let state = match &check {
        Some(check) if matches!(check.state, JobState::Waiting | JobState::Running) => check.state.into(),
        Some(_) => ImportState::Draft,
        None if is_committed(workspace, job).await? => ImportState::Done,
        None => job.state.into(),
    };
    let outcome = ImportOutcome::read(workspace, shown).await?;
    let Document {
        file_name,
        plan,
        analysis,
        ..
    } = document;
    Ok(ImportView {
        id: job.id,
        file_name,
        state,
        plan,
        preview: analysis.preview,
        headers: analysis.headers,
        guesses: analysis.guesses,
        evidence: analysis.evidence,
        progress: serde_json::from_value(shown.progress.clone()).unwrap_or_default(),
        outcome,
        created_at: job.created_at,
    })
}

/// The organization's log knows best: a cancellation may have come a moment after the commit.
async fn is_committed(workspace: &Workspace, job: &Job) -> Result<bool> {
    if job.state != JobState::Cancelled {
        return Ok(false);
    }
    match audit::find_entry(workspace.tenant(), EntryId(job.id.0)).await {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Changes the plan of a draft. Another encoding or dialect has the file read anew; where the columns are others then,
/// they are proposed again.
///
/// # Errors
/// `invalid` names what of the plan cannot be; `conflict` once the import was started.
pub async fn plan(workspace: &Workspace, id: JobId, plan: ImportPlan) -> Result<ImportView> {
    let permit = workspace.permit(Permission::RecordImport).await?;
    let job = own_draft(workspace, id).await?;
    let document = Document::load(workspace, job.id).await?;
    document.replan(workspace, &permit, job.id, plan).await?;
    find(workspace, id).await
}

async fn own_draft(workspace: &Workspace, id: JobId) -> Result<Job> {
    let job = own_job(workspace, id).await?;
    match job.state {
        JobState::Draft => Ok(job),
        _ => Err(PlatformError::new(
            ProblemCode::Conflict,
            "the import was started already; upload the file again for another",
        )),
    }
}

/// Puts the import, or a trial of it, up for the workers.
///
/// # Errors
/// As [`plan`].
pub async fn start(workspace: &Workspace, id: JobId, mode: Mode) -> Result<ImportView> {
    let permit = workspace.permit(Permission::RecordImport).await?;
    let job = own_draft(workspace, id).await?;
    let mut document = Document::load(workspace, job.id).await?;
    bind::check(workspace, &permit, &document.plan, &document.analysis.headers).await?;
    match mode {
        Mode::DryRun => {
            let check = job::new_id(workspace.platform())?;
            document.check = Some(check);
            document.save(workspace, &permit, id).await?;
            job::enqueue(workspace, check, CHECK, JobStart::Waiting, id).await?;
        }
        Mode::Import => {
            let payload = job::payload(workspace, id)?;
            let mut keep = workspace.platform().control().keep().await?;
            job_rows::release(&mut keep, Some(workspace.organization().id), id, &payload).await?;
        }
    }
    find(workspace, id).await
}

/// Calls an import off, running or not, and removes the uploaded file.
///
/// # Errors
/// `not-found`; `conflict` when it has ended.
pub async fn cancel(workspace: &Workspace, id: JobId) -> Result<()> {
    workspace.permit(Permission::RecordImport).await?;
    own_job(workspace, id).await?;
    let document = Document::load(workspace, id).await?;
    let organization = Some(workspace.organization().id);
    let now = workspace.now();
    let mut keep = workspace.platform().control().keep().await?;
    match job_rows::cancel(&mut keep, organization, id, now).await {
        Err(StoreError::NotFound) => {
            let message = "the import has ended already";
            return Err(PlatformError::new(ProblemCode::Conflict, message));
        }
        done => done?,
    }
    if let Some(check) = document.check {
        match job_rows::cancel(&mut keep, organization, check, now).await {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    drop(keep);
    discard(workspace, id, document.file, Some(&document)).await
}

/// Removes the file of an import that goes no further, and its rows from the papers.
async fn discard(
    workspace: &Workspace,
    import: JobId,
    file: AttachmentId,
    papers: Option<&Document>,
) -> Result<()> {
    let permit = workspace.permit(Permission::RecordImport).await?;
    let tx = workspace.tenant().begin(&permit).await?;
    file_rows::remove(&tx, file).await?;
    if let Some(papers) = papers {
        papers.forget_rows(workspace, &tx, import, None).await?;
    }
    let act = Act::access("import.cancel", Object::new("import", import));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(())
}

/// The refused rows of the last run, as CSV: row, line, column, code, message, excerpt.
///
/// # Errors
/// `not-found` when no row was refused.
pub async fn report_csv(workspace: &Workspace, id: JobId) -> Result<ByteStream> {
    workspace.permit(Permission::RecordImport).await?;
    let job = own_job(workspace, id).await?;
    let document = Document::load(workspace, id).await?;
    let run = match document.check {
        Some(check) if job.state == JobState::Draft => check,
        Some(_) | None => id,
    };
    let (_, stored) = file::find(workspace, FilePurpose::Report, outcome::report_id(run)).await?;
    Ok(file::read(workspace, &stored))
}
