//! Background jobs: put up by a use case, on behalf of its caller, and run by [`crate::work`].
//!
//! Invariants: a job's row holds ids and counts, never values of records; a job runs with the rights that its account
//! has when it runs, not those it had when it was put up. It outlives its session's sign-out and time, and nothing else that
//! ends the session.

use crate::{
    Platform, Workspace,
    act::vault_failure,
    caller::{AccountSummary, Caller, Identity, Origin},
    error::{PlatformError, Result},
    narrowing,
    session::scope_of,
    workspace::random,
};
use access::TokenScope;
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use store::control::{
    account::{self, AccountState},
    api_token,
    job::{self as rows, Job, JobStart, NewJob},
    organization, session,
};
use types::{JobId, ProblemCode, SessionId, TokenId};

/// Who put a job up, and from where: enough to act as them later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Requester {
    session: Option<SessionId>,
    token: Option<(TokenId, TokenScope)>,
    address: Option<String>,
    device: Option<String>,
    request_id: Option<String>,
}

/// What a job's row says besides its kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// Who put it up.
    pub(crate) requester: Requester,
    /// What it is about: the import's id, say.
    pub(crate) subject: JobId,
}

/// How far a job is; written by the job, read by its worker.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) rows: Arc<AtomicU64>,
    pub(crate) files: AtomicU64,
    pub(crate) bytes: Arc<AtomicU64>,
    pub(crate) bytes_total: AtomicU64,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Stored files gone over by a rotation; an import says nothing of them.
    #[serde(skip_serializing_if = "is_zero")]
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes to read.
    pub bytes_total: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Meter {
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            rows: self.rows.load(Ordering::Relaxed),
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
        }
    }
}

impl Requester {
    fn of(caller: &Caller) -> Self {
        let (session, token) = match &caller.identity {
            Identity::Person { session, .. } => (Some(*session), None),
            Identity::Token { token, scope, .. } => (None, Some((*token, scope.clone()))),
            Identity::Anonymous | Identity::Held { .. } | Identity::Host | Identity::System => (None, None),
        };
        let origin = caller.origin.clone();
        Self {
            session,
            token,
            address: origin.address,
            device: origin.device,
            request_id: origin.request_id,
        }
    }
}

/// A new job's id.
pub(crate) fn new_id(platform: &Platform) -> Result<JobId> {
    Ok(JobId::new(platform.now_ms(), random()?))
}

/// The payload of a job that the workspace's caller puts up.
pub(crate) fn payload(workspace: &Workspace, subject: JobId) -> Result<serde_json::Value> {
    let requester = Requester::of(workspace.caller());
    serde_json::to_value(Payload { requester, subject }).map_err(vault_failure)
}

/// Puts a job up.
pub(crate) async fn enqueue(
    workspace: &Workspace,
    id: JobId,
    kind: &str,
    start: JobStart,
    subject: JobId,
) -> Result<()> {
    let platform = workspace.platform();
    let new = NewJob {
        id,
        organization: Some(workspace.organization().id),
        account: workspace.caller().account().map(|account| account.id),
        kind: kind.to_owned(),
        start,
        payload: payload(workspace, subject)?,
        created_at: platform.now(),
    };
    Ok(rows::insert(&mut platform.control().keep().await?, new).await?)
}

/// A job of the workspace's organization that its caller put up.
pub(crate) async fn find_own(workspace: &Workspace, id: JobId) -> Result<Option<Job>> {
    let mut read = workspace.platform().control().read().await?;
    let found = rows::find(&mut read, Some(workspace.organization().id), id).await?;
    let own = workspace.caller().account().map(|account| account.id);
    Ok(found.filter(|job| own.is_some() && job.account_id == own))
}

/// What a job's row says.
pub(crate) fn payload_of(job: &Job) -> Result<Payload> {
    serde_json::from_value(job.payload.clone()).map_err(vault_failure)
}

/// Steps into the job's organization as whoever put it up, with the rights of now.
pub(crate) async fn enter(platform: &Platform, job: &Job) -> Result<Workspace> {
    let gone = || {
        PlatformError::new(
            ProblemCode::NotAllowed,
            "whoever asked for this may no longer do it",
        )
    };
    let payload = payload_of(job)?;
    let (account, organization_id) = job.account_id.zip(job.organization_id).ok_or_else(gone)?;
    let mut read = platform.control().read().await?;
    let found = account::find_by_id(&mut read, account).await?;
    if let Some(session) = payload.requester.session
        && session::is_withdrawn(&mut read, session).await?
    {
        return Err(gone());
    }
    let home = organization::find_by_id(&mut read, organization_id).await?;
    drop(read);
    let active = found.filter(|(account, _)| account.state == AccountState::Active);
    let ((account, _), home) = active.zip(home).ok_or_else(gone)?;
    let account = AccountSummary::of(&account);
    let Requester {
        session,
        token,
        address,
        device,
        request_id,
    } = payload.requester;
    let identity = match token {
        // As it is now: revoked it carries nothing.
        Some((token, _)) => {
            let mut read = platform.control().read().await?;
            let found = api_token::find_live(&mut read, token, platform.now()).await?;
            let found = found.ok_or_else(gone)?;
            Identity::Token {
                account,
                token,
                organization: organization_id,
                scope: scope_of(found.permissions.as_deref()),
                narrowing: narrowing::read(found.narrowing)?,
            }
        }
        None => Identity::Person {
            account,
            session: session.ok_or_else(gone)?,
            // A job does what was asked for while the proof was fresh, and begins nothing that needs another.
            elevated_until: jiff::Timestamp::UNIX_EPOCH,
        },
    };
    let origin = Origin {
        address,
        device,
        request_id,
    };
    let caller = Caller {
        identity,
        origin,
        grant: None,
    };
    platform
        .enter(&caller, &home.slug)
        .await
        .map_err(|error| match error.code {
            ProblemCode::NotFound => gone(),
            _ => error,
        })
}
