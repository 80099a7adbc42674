//! What imports left behind. A draft that nobody started is called off, and its uploaded file and its papers go. Of an
//! import that ended, however it did, the uploaded file goes; the papers and the report of refused rows stay for its maker. An upload
//! that never got papers, because its program died, goes too.
//!
//! Invariants: a draft is called off first, on condition that it is one still, so that a start in the same moment either
//! finds everything or is refused; a file that a job may still read is never touched.

use super::{RUN, UPLOAD, document::Document, outcome::report_id};
use crate::{
    Workspace,
    act::{Act, Object},
    error::Result,
    file::{self, FilePurpose},
};
use access::Permission;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{
    StoreError,
    control::job::{self as job_rows, Job, JobState},
    tenant::file::{self as file_rows, StoredFile},
};
use types::{AttachmentId, JobId, ProblemCode};

/// How long an ended import may keep its uploaded file: most give it up as they end, and a worker that lost its job has
/// stopped long before.
const ENDED_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Files looked at in one go.
const PAGE: i64 = 500;
/// Uploads looked after in one go: the next look finds the others.
const UPLOADS_AT_ONCE: usize = 1_000;
/// An import's id is made in the moment before its file's; so much the clock may have been set back between. Whose papers were not met counts as
/// without any.
const IDS_APART_MS_MAX: u128 = 24 * 60 * 60 * 1000;

/// Removes the drafts that nobody has changed or tried since `before`, and the uploaded files of imports that have ended;
/// answers of how many imports something went.
pub(crate) async fn remove_abandoned(workspace: &Workspace, before: Timestamp) -> Result<usize> {
    let now = workspace.now();
    let ended_before = now.checked_sub(ENDED_AGE_MAX).unwrap_or(Timestamp::MIN);
    let drafts = remove_drafts(workspace, before).await?;
    Ok(drafts + remove_uploads(workspace, ended_before).await?)
}

async fn remove_drafts(workspace: &Workspace, before: Timestamp) -> Result<usize> {
    let organization = workspace.organization().id;
    let mut read = workspace.platform().control().read().await?;
    let drafts = job_rows::list_drafts(&mut read, organization, RUN, before).await?;
    drop(read);
    let mut removed = 0;
    for draft in drafts {
        if was_touched(workspace, draft.id, before).await? {
            continue;
        }
        let now = workspace.now();
        let mut keep = workspace.platform().control().keep().await?;
        match job_rows::abandon(&mut keep, organization, draft.id, now).await {
            // Started or called off meanwhile.
            Err(StoreError::NotFound) => continue,
            done => done?,
        }
        drop(keep);
        discard(workspace, draft.id).await?;
        removed += 1;
    }
    Ok(removed)
}

/// The papers are written anew with every change and before every trial.
async fn was_touched(workspace: &Workspace, import: JobId, before: Timestamp) -> Result<bool> {
    match file::find(workspace, FilePurpose::Import, AttachmentId(import.0)).await {
        Ok((_, papers)) => Ok(papers.created_at >= before),
        Err(error) if error.code == ProblemCode::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn discard(workspace: &Workspace, import: JobId) -> Result<()> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let mut files = vec![AttachmentId(import.0)];
    match Document::load(workspace, import).await {
        Ok(document) => {
            files.push(document.file);
            files.extend(document.check.map(report_id));
        }
        Err(error) if error.code == ProblemCode::NotFound => {}
        Err(error) => return Err(error),
    }
    let tx = workspace.tenant().begin(&permit).await?;
    for file in files {
        file_rows::remove(&tx, file).await?;
    }
    let act = Act::access("import.remove", Object::new("import", import)).because("nobody started it");
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(())
}

/// Goes by the files, of which few are left, and not by the jobs, of which there are more every day.
async fn remove_uploads(workspace: &Workspace, ended_before: Timestamp) -> Result<usize> {
    let mut uploads = find_uploads(workspace).await?;
    let mut after = uploads.keys().next().copied().map(shortly_before);
    let mut removed = 0;
    while !uploads.is_empty() {
        let page = file_rows::of_imports(workspace.tenant(), after, PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id);
        for papers in page.iter().filter(|file| !is_upload(file)) {
            let import = JobId(papers.id.0);
            let Some((job, document)) = import_of(workspace, import).await? else {
                continue;
            };
            let is_there = uploads.remove(&document.file).is_some();
            if is_there && has_ended(&job, ended_before) {
                discard_upload(workspace, import, &document).await?;
                removed += 1;
            }
        }
    }
    // No papers name the others, and none will.
    for (upload, _) in uploads.iter().filter(|(_, made)| **made < ended_before) {
        removed += usize::from(file::discard(workspace, *upload, "no import has it").await?);
    }
    Ok(removed)
}

/// The oldest uploads that are still there, whatever their imports are at, each with the time it came.
async fn find_uploads(workspace: &Workspace) -> Result<BTreeMap<AttachmentId, Timestamp>> {
    let mut uploads = BTreeMap::new();
    let mut after = None;
    while uploads.len() < UPLOADS_AT_ONCE {
        let page = file_rows::of_imports(workspace.tenant(), after, PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id);
        let page = page.iter().filter(|file| is_upload(file));
        uploads.extend(page.map(|file| (file.id, file.created_at)));
    }
    Ok(uploads)
}

/// Papers and reports name what they are.
fn is_upload(file: &StoredFile) -> bool {
    file.media_type == UPLOAD
}

/// Ids begin with their time: no papers of these uploads come before this one.
fn shortly_before(upload: AttachmentId) -> AttachmentId {
    let made_ms = upload.0.as_u128() >> 80;
    let before_ms = made_ms.saturating_sub(IDS_APART_MS_MAX);
    AttachmentId::new(u64::try_from(before_ms).unwrap_or(0), [0; 10])
}

/// An import with its papers; none where the file is no papers at all.
async fn import_of(workspace: &Workspace, import: JobId) -> Result<Option<(Job, Document)>> {
    let organization = Some(workspace.organization().id);
    let mut read = workspace.platform().control().read().await?;
    let found = job_rows::find(&mut read, organization, import).await?;
    drop(read);
    let Some(job) = found.filter(|job| job.kind == RUN) else {
        return Ok(None);
    };
    match Document::load(workspace, import).await {
        Ok(document) => Ok(Some((job, document))),
        Err(error) if error.code == ProblemCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn has_ended(job: &Job, before: Timestamp) -> bool {
    let has_ended = match job.state {
        JobState::Done | JobState::Failed | JobState::Cancelled => true,
        JobState::Draft | JobState::Waiting | JobState::Running => false,
    };
    has_ended && job.finished_at.is_some_and(|at| at < before)
}

async fn discard_upload(workspace: &Workspace, import: JobId, ended: &Document) -> Result<()> {
    let permit = workspace.permit(Permission::RecordPurge).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    file_rows::remove(&tx, ended.file).await?;
    ended
        .forget_rows(workspace, &tx, import, ended.counts.as_ref())
        .await?;
    let act = Act::access("import.remove", Object::new("import", import)).because("it has ended");
    tx.commit(&workspace.plain_entry(&act)?).await?;
    Ok(())
}
