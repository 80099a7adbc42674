//! Rotating an organization's key: a new version at once, and a job that seals everything anew in the background.
//!
//! Invariants: every version opens until nothing is under it; each batch is one transaction with an entry of its own and
//! makes no new version of any record. Sealed anew are sensitive values with their blind indexes, the keys of records,
//! which seal their images, stored files with their names, and the password of the organization's login. Headers of
//! entries stay under their version, for an entry is never changed; old versions are kept for them. Start at [`rotate`].

mod batch;
mod files;
mod login;
mod unique;

pub(crate) use unique::check_unique;

use crate::{
    Caller, Platform, PlatformError, Workspace,
    act::{Act, Object, vault_failure},
    cache::AGE_MAX,
    check::authorized,
    error::Result,
    job::{self, Meter},
};
use access::{Permission, Permit};
use batch::{Done, reseal_dataset};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use store::{
    StoreError,
    control::{
        ControlRead,
        job::{self as job_rows, Job, JobStart, NewJob},
        organization_key as keys,
    },
    tenant::{catalogue, key_version},
};
use types::{OrganizationId, PageSize, ProblemCode};
use vault::{OrganizationKey, Purpose, PurposeKey};

/// The kind of the job.
pub(crate) const REENCRYPT: &str = "reencrypt";
/// Until every process knows the new version: as long as they remember the old ones, and a little.
const HEARD_OF: Duration = AGE_MAX.saturating_add(Duration::from_secs(1));
/// Longest wait for uploads and imports that began before the rotation; after it the job fails and is tried again.
const SEALERS_WAIT_MAX: Duration = Duration::from_secs(3_600);
/// How often it is looked whether they are done.
const SEALERS_LOOK_EVERY: Duration = Duration::from_millis(500);
/// A pass that found something is followed by another, at most so many.
const PASSES_MAX: usize = 5;

/// How far a rotation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RotationStatus {
    /// The version that seals now.
    pub version: u32,
    /// The state of the newest job (`waiting`, `running`, `done`, `failed`, `cancelled`), if there ever was one.
    pub state: Option<String>,
    /// Records looked at by it.
    pub records: u64,
    /// Stored files looked at by it.
    pub files: u64,
    /// When it was put up.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What came of it: counts, or why it failed.
    pub result: Option<serde_json::Value>,
}

/// Gives the organization a new key version and puts up the job that seals everything under it: for members with
/// `key.rotate` and for the operator at the host.
///
/// # Errors
/// `not-allowed`, `not-found`; `conflict` when another rotation came in between.
pub async fn rotate(platform: &Platform, caller: &Caller, slug: &str) -> Result<u32> {
    let home = authorized(platform, caller, slug, Permission::KeyRotate).await?;
    let organization = home.summary.id;
    let mut tx = platform.control().begin().await?;
    let known = keys::list(&mut tx, organization).await?;
    let row_version = known.last().map_or(1, |key| key.version + 1);
    let version = u32::try_from(row_version).map_err(vault_failure)?;
    let key = OrganizationKey::generate().map_err(vault_failure)?;
    let wrapped = key
        .wrap(platform.root(), organization, version)
        .map_err(vault_failure)?;
    match keys::insert(&mut tx, organization, row_version, &wrapped).await {
        Err(StoreError::Taken { .. }) => {
            let detail = "somebody else rotates the key right now";
            return Err(PlatformError::new(ProblemCode::Conflict, detail));
        }
        made => made?,
    }
    let new = NewJob {
        id: job::new_id(platform)?,
        organization: Some(organization),
        account: caller.account().map(|account| account.id),
        kind: REENCRYPT.to_owned(),
        start: JobStart::Waiting,
        payload: serde_json::json!({ "version": version }),
        created_at: platform.now(),
    };
    job_rows::insert(&mut tx, new).await?;
    let reason = format!("version {version}");
    let act = Act::rotation("key.rotate", Object::new("organization", organization)).because(&reason);
    let entry = platform.entry(caller, Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.homes().clear();
    Ok(version)
}

/// How far the organization's last rotation is: for the same people as [`rotate`].
///
/// # Errors
/// `not-allowed`, `not-found`.
pub async fn status(platform: &Platform, caller: &Caller, slug: &str) -> Result<RotationStatus> {
    let home = authorized(platform, caller, slug, Permission::KeyRotate).await?;
    let organization = home.summary.id;
    let mut read = platform.control().read().await?;
    let known = keys::list(&mut read, organization).await?;
    let newest = newest_job(&mut read, organization).await?;
    let seen = |as_result: &str, as_progress: &str| {
        let job = newest.as_ref()?;
        let result = job.result.as_ref().and_then(|result| result.get(as_result));
        result.or_else(|| job.progress.get(as_progress))?.as_u64()
    };
    let (records, files) = (seen("seen", "rows"), seen("files_seen", "files"));
    Ok(RotationStatus {
        version: known.last().map_or(0, |key| key.version.unsigned_abs()),
        state: newest.as_ref().map(|job| job.state.as_str().to_owned()),
        records: records.unwrap_or(0),
        files: files.unwrap_or(0),
        began_at: newest.as_ref().map(|job| job.created_at),
        finished_at: newest.as_ref().and_then(|job| job.finished_at),
        result: newest.and_then(|job| job.result),
    })
}

/// The newest job of a rotation.
pub(crate) async fn newest_job(read: &mut ControlRead, organization: OrganizationId) -> Result<Option<Job>> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let jobs = job_rows::list(read, Some(organization), size).await?;
    Ok(jobs.into_iter().find(|job| job.kind == REENCRYPT))
}

/// The job: seals everything under the newest version, until a pass finds nothing more to do and nobody seals under
/// an older one any more.
pub(crate) async fn run(platform: &Platform, job: &Job, meter: &Meter) -> Result<serde_json::Value> {
    let gone = || PlatformError::not_found("organization");
    // Until then another process may still seal under the version before.
    let heard = Duration::try_from(platform.now().duration_since(job.created_at)).unwrap_or_default();
    tokio::time::sleep(HEARD_OF.saturating_sub(heard)).await;
    let id = job.organization_id.ok_or_else(gone)?;
    let home = platform.home_by_id(id).await?.ok_or_else(gone)?;
    let workspace = platform.enter_as_system(home);
    let permit = workspace.permit(Permission::KeyRotate).await?;
    login::reseal_login(&workspace).await?;
    let mut total = Done::default();
    passes(&workspace, &permit, meter, &mut total).await?;
    if await_sealers(&workspace).await? == Sealers::Awaited {
        passes(&workspace, &permit, meter, &mut total).await?;
    }
    Ok(serde_json::json!({
        "version": workspace.keys().current_version(),
        "seen": meter.rows.load(Ordering::Relaxed),
        "resealed": total.records,
        "files_seen": meter.files.load(Ordering::Relaxed),
        "files": total.files,
        "left": total.left,
    }))
}

/// Goes over everything until there is nothing more to do.
async fn passes(workspace: &Workspace, permit: &Permit, meter: &Meter, total: &mut Done) -> Result<()> {
    for _ in 0..PASSES_MAX {
        let mut pass = Done::default();
        for dataset in catalogue::list(workspace.tenant()).await? {
            pass.add(reseal_dataset(workspace, permit, dataset.id, &meter.rows).await?);
        }
        pass.files = files::reseal_files(workspace, permit, &meter.files).await?;
        // Left is what the last pass could not do; the others are counts of work.
        total.left = 0;
        total.add(pass);
        if pass.records == 0 && pass.files == 0 {
            break;
        }
    }
    Ok(())
}

/// Whether anybody was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sealers {
    /// Nobody sealed under an older version.
    None,
    /// Somebody did, and is done.
    Awaited,
}

/// Waits for uploads, imports and batches that began under an older version: what they seal is seen once they commit.
async fn await_sealers(workspace: &Workspace) -> Result<Sealers> {
    let began = Instant::now();
    let mut outcome = Sealers::None;
    let older: Vec<u32> = workspace
        .keys()
        .newest_first(Purpose::Attachments)
        .skip(1)
        .map(PurposeKey::version)
        .collect();
    for version in older {
        while key_version::is_held(workspace.tenant(), version).await? {
            if began.elapsed() > SEALERS_WAIT_MAX {
                let detail = "an upload or import that began before the rotation still runs";
                return Err(PlatformError::new(ProblemCode::Conflict, detail));
            }
            outcome = Sealers::Awaited;
            tokio::time::sleep(SEALERS_LOOK_EVERY).await;
        }
    }
    Ok(outcome)
}
