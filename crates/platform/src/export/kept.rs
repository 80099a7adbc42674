//! An archive that is made in the background and kept for a day, so that a download that broke off goes on where it stopped.
//!
//! Invariants: only what is encrypted for a public key is kept: nothing here opens it, so it is no second copy that an erasure would
//! have to find; whoever asked for it fetches it, for as long as they might make the same one; after its day it is gone. Start at [`ask`].

use super::{Envelope, archive, envelope, manifest::Sensitive};
use crate::{
    Platform, Workspace,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    file::{self, FilePurpose, NewFile},
    job::{self, Meter},
    pipe::ByteStream,
    withdrawal::guarded_stream,
};
use access::Permission;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use store::{
    StoreError,
    control::{
        job::{self as rows, Job, JobStart, JobState},
        organization::OrganizationState,
    },
    tenant::file as file_rows,
};
use types::{AttachmentId, JobId, ProblemCode};

/// The kind of its job.
pub(crate) const KEEP: &str = "archive";
/// How long it is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Most that one member keeps at once: each may be as long as an upload.
pub const KEPT_MAX: usize = 3;
/// Most that are shown.
const LISTED_MAX: i64 = 20;
/// The member of a job's payload that says who opens it. A public key is no secret.
const RECIPIENT: &str = "recipient";

/// The member of a job's result that says whether sensitive values are in it, beneath the encryption.
const CLEAR: &str = "clear";
/// The one that says whether the organization's people are.
const PEOPLE: &str = "people";

/// An archive that is made, or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: JobId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How it stands.
    pub state: KeptState,
}

/// How a kept archive stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptState {
    /// It is made; so many bytes are there.
    Making {
        /// Bytes.
        bytes: u64,
    },
    /// It can be fetched.
    Ready {
        /// Bytes.
        size: u64,
        /// Until when.
        until: Timestamp,
    },
    /// It was not made.
    Failed {
        /// Why.
        why: String,
    },
}

/// A kept archive as it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// The name to save it under.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of all of them, hexadecimal: another file has another.
    pub sha256: String,
}

/// Has an archive made for the holder of a public key of age.
///
/// # Errors
/// `not-allowed`, `proof-required`; `invalid` at `/recipient`; `conflict` while another of the caller's is made, and
/// while [`KEPT_MAX`] are kept; `cancelled`.
pub async fn ask(workspace: &Workspace, recipient: &str) -> Result<JobId> {
    archive::require_may(workspace).await?;
    Envelope::for_key(recipient)?;
    if workspace.home.state == OrganizationState::Cancelled {
        let why = "a cancelled organization takes no file in; download the archive as it is made";
        return Err(PlatformError::new(ProblemCode::Cancelled, why));
    }
    let own = list(workspace).await?;
    if own
        .iter()
        .any(|kept| matches!(kept.state, KeptState::Making { .. }))
    {
        let why = "another archive of yours is being made; wait for its end";
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    let is_ready = |kept: &&Kept| matches!(kept.state, KeptState::Ready { .. });
    if own.iter().filter(is_ready).count() >= KEPT_MAX {
        let why =
            format!("{KEPT_MAX} archives of yours are kept; each goes after its day, so ask again then");
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    let platform = workspace.platform();
    let id = job::new_id(platform)?;
    let mut payload = job::payload(workspace, id)?;
    payload[RECIPIENT] = json!(recipient.trim());
    let new = rows::NewJob {
        id,
        organization: Some(workspace.organization().id),
        account: workspace.caller().account().map(|account| account.id),
        kind: KEEP.to_owned(),
        start: JobStart::Waiting,
        payload,
        created_at: platform.now(),
    };
    rows::insert(&mut platform.control().keep().await?, new).await?;
    Ok(id)
}

/// The caller's own ones, newest first, as long as they can be fetched.
///
/// # Errors
/// `not-allowed`; `unavailable`.
pub async fn list(workspace: &Workspace) -> Result<Vec<Kept>> {
    workspace.permit(Permission::RecordExport).await?;
    let platform = workspace.platform();
    let Some(account) = workspace.caller().account().map(|account| account.id) else {
        return Ok(Vec::new());
    };
    let since = before(platform.now(), KEPT + SignedDuration::from_hours(24));
    let organization = workspace.organization().id;
    let mut read = platform.control().read().await?;
    let jobs = rows::list_own(&mut read, organization, account, KEEP, since, LISTED_MAX).await?;
    Ok(jobs.iter().filter_map(|job| view(job, platform.now())).collect())
}

fn before(now: Timestamp, age: SignedDuration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

/// None for one that is gone, or about to be.
fn view(job: &Job, now: Timestamp) -> Option<Kept> {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    let result = job.result.as_ref();
    let state = match job.state {
        JobState::Waiting | JobState::Running => KeptState::Making {
            bytes: number(&job.progress, "bytes").unwrap_or(0),
        },
        JobState::Done => {
            let until = job.finished_at?.checked_add(KEPT).ok()?;
            if until <= now {
                return None;
            }
            KeptState::Ready {
                size: number(result?, "size")?,
                until,
            }
        }
        JobState::Failed => {
            let why = result.and_then(|result| result.get("error")?.as_str());
            KeptState::Failed {
                why: why.unwrap_or("it was cut off").to_owned(),
            }
        }
        JobState::Draft | JobState::Cancelled => return None,
    };
    Some(Kept {
        id: job.id,
        asked_at: job.created_at,
        state,
    })
}

/// The file's id is its job's.
fn file_id(job: JobId) -> AttachmentId {
    AttachmentId(job.0)
}

/// What a kept archive is.
///
/// # Errors
/// `not-allowed`, also for rights that are narrower since; `not-found` also for one of somebody else's, and after its day.
pub async fn describe(workspace: &Workspace, id: JobId) -> Result<KeptFile> {
    Ok(find(workspace, id).await?.0)
}

/// Its bytes from one on.
///
/// # Errors
/// As [`describe`]; `invalid` for a place behind its end.
pub async fn open(workspace: &Workspace, id: JobId, from: u64) -> Result<(KeptFile, ByteStream)> {
    let (kept, stored) = find(workspace, id).await?;
    if from >= kept.size {
        let message = format!("it has {} bytes", kept.size);
        return Err(PlatformError::invalid_at("/range", "out-of-range", message));
    }
    let reader = workspace.clone();
    let bytes = guarded_stream(workspace, Permission::RecordExport, move |outlet| async move {
        file::send_from(&reader, &stored, from, &outlet).await
    });
    Ok((kept, bytes))
}

async fn find(workspace: &Workspace, id: JobId) -> Result<(KeptFile, file_rows::StoredFile)> {
    let permit = workspace.permit(Permission::RecordExport).await?;
    let gone = || PlatformError::not_found("archive");
    let job = job::find_own(workspace, id).await?;
    let job = job.filter(|job| job.kind == KEEP).ok_or_else(gone)?;
    let kept = view(&job, workspace.now()).ok_or_else(gone)?;
    let KeptState::Ready { size, .. } = kept.state else {
        return Err(gone());
    };
    let is_clear = job
        .result
        .as_ref()
        .and_then(|result| result.get(CLEAR)?.as_bool());
    if archive::reach(workspace, &permit).await? == Sensitive::Masked && is_clear != Some(false) {
        let why = "it holds sensitive values in the clear, which you may not reveal any more";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let has_people = job
        .result
        .as_ref()
        .and_then(|result| result.get(PEOPLE)?.as_bool());
    if has_people != Some(false) {
        workspace.permit(Permission::MemberRead).await?;
    }
    let (about, stored) = file::find(workspace, FilePurpose::Report, file_id(id)).await?;
    let kept = KeptFile {
        name: about.name,
        size,
        sha256: about.sha256,
    };
    Ok((kept, stored))
}

/// Makes one: the whole of it, or nothing.
pub(crate) async fn run(platform: &Platform, job: &Job, meter: &Meter) -> Result<Value> {
    let workspace = job::enter(platform, job).await?;
    // It was made, and the end of the job was not noted.
    match file_rows::find(workspace.tenant(), FilePurpose::Report, file_id(job.id)).await {
        Err(StoreError::NotFound) => {}
        stored => {
            let size = u64::try_from(stored?.size).map_err(vault_failure)?;
            return Ok(json!({ "size": size, CLEAR: true, PEOPLE: true }));
        }
    }
    let recipient = job
        .payload
        .get(RECIPIENT)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let envelope = Envelope::for_key(recipient)?;
    let how = format!(", {}, kept for a day", envelope.told());
    let (sealer, header) = envelope.open(platform).await?;
    let permit = workspace.permit(Permission::RecordExport).await?;
    let sensitive = archive::reach(&workspace, &permit).await?;
    let has_people = workspace.permit(Permission::MemberRead).await.is_ok();
    let plain = archive::begin(&workspace, permit, &how, archive::Guard::Job).await?;
    let counted = envelope::seal(plain, sealer, header).inspect(|piece| {
        let bytes = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        meter.bytes.fetch_add(bytes, Ordering::Relaxed);
    });
    let mut counted = Box::pin(counted);
    // All of it is measured before the first piece behind the header comes, which may take long: no transaction waits for that.
    let mut head = Vec::with_capacity(2);
    while head.len() < 2
        && let Some(piece) = counted.next().await
    {
        head.push(Ok(piece?));
    }
    let whole = stream::iter(head).chain(counted);
    let permit = workspace.permit(Permission::RecordExport).await?;
    let tx = workspace.begin_sealing(&permit).await?;
    let name = format!("{}.tar.age", workspace.organization().slug);
    let new = NewFile {
        id: file_id(job.id),
        purpose: FilePurpose::Report,
        name: &name,
        media_type: file_rows::KEPT_ARCHIVE,
    };
    let stored = file::write(&workspace, &tx, &new, whole).await?;
    let act = Act::access("export.keep", Object::new("file", file_id(job.id)));
    tx.commit(&workspace.plain_entry(&act)?).await?;
    let size = u64::try_from(stored.size).map_err(vault_failure)?;
    Ok(json!({ "size": size, CLEAR: sensitive == Sensitive::Clear, PEOPLE: has_people }))
}

/// Removes those whose day is over, of one organization; gives how many.
pub(crate) async fn remove_old(workspace: &Workspace, now: Timestamp) -> Result<usize> {
    let mut removed = 0;
    for id in file_rows::kept_archives(workspace.tenant(), before(now, KEPT)).await? {
        let permit = workspace.permit(Permission::RecordPurge).await?;
        let tx = workspace.tenant().begin(&permit).await?;
        file_rows::remove(&tx, id).await?;
        let act = Act::access("file.remove", Object::new("file", id)).because("an archive's day was over");
        tx.commit(&workspace.plain_entry(&act)?).await?;
        removed += 1;
    }
    Ok(removed)
}
