//! Drafts of imports that nobody started: the uploaded file and the papers go, and the draft is called off.
//!
//! Invariant: the draft is called off first, on condition that it is one still, so that a start in the same moment either
//! finds everything or is refused.

use super::{RUN, document::Document, outcome::report_id};
use crate::{
    Workspace,
    act::{Act, Object},
    error::Result,
    file::{self, FilePurpose},
};
use access::Permission;
use jiff::Timestamp;
use store::{StoreError, control::job as job_rows, tenant::file as file_rows};
use types::{AttachmentId, JobId, ProblemCode};

/// Removes the drafts that nobody has changed or tried since `before`; answers how many.
pub(crate) async fn remove_abandoned(workspace: &Workspace, before: Timestamp) -> Result<usize> {
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
