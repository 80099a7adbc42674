//! Rights that are withdrawn while something runs under them: a download, an export, a job.
//!
//! Invariant: whatever runs for longer than a moment in somebody's name ends within five seconds of the end of the session or
//! token it was asked for with, of the disabling of its account or membership, or of the loss of its permission. Only jobs
//! outlive a sign-out and a session's time ([`crate::job`]): whoever puts a long one up need not wait for it. It is looked
//! at every [`LOOK_EVERY`], and what decides is at most [`crate::cache::AGE_MAX`] old.

use crate::{
    Platform, Workspace,
    caller::{AccountSummary, Caller, Identity},
    error::{PlatformError, Result},
    job,
    pipe::{ByteStream, Outlet, byte_stream},
};
use access::Permission;
use std::time::Duration;
use store::control::{
    account::{self, AccountState},
    api_token,
    job::Job,
    session,
};
use types::ProblemCode;

/// How often it is looked whether the rights are still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After so many looks in a row that failed, the rights count as withdrawn: what cannot be looked at must not run on.
const FAILURES_MAX: u32 = 4;

/// A stream that breaks off when its reader loses `permission`.
pub(crate) fn guarded_stream<F>(
    workspace: &Workspace,
    permission: Permission,
    make: impl FnOnce(Outlet) -> F,
) -> ByteStream
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let workspace = workspace.clone();
    byte_stream(|outlet| {
        let work = make(outlet);
        async move {
            tokio::select! {
                done = work => done,
                error = withdrawn(&workspace, permission) => Err(error),
            }
        }
    })
}

/// A stream of the caller's own things, that breaks off when their session or token ends.
pub(crate) fn guarded_own_stream<F>(
    platform: &Platform,
    caller: &Caller,
    make: impl FnOnce(Outlet) -> F,
) -> ByteStream
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (platform, caller) = (platform.clone(), caller.clone());
    byte_stream(|outlet| {
        let work = make(outlet);
        async move {
            tokio::select! {
                done = work => done,
                error = ended(&platform, &caller) => Err(error),
            }
        }
    })
}

/// Returns when the caller's session or token has ended.
async fn ended(platform: &Platform, caller: &Caller) -> PlatformError {
    let mut looks = Looks::default();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(error) = looks.judge(is_live(platform, caller).await) {
            return error;
        }
    }
}

/// Returns when the caller no longer has the permission.
async fn withdrawn(workspace: &Workspace, permission: Permission) -> PlatformError {
    if workspace.caller().account().is_none() {
        return std::future::pending().await;
    }
    let mut looks = Looks::default();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(error) = looks.judge(holds(workspace, permission).await) {
            return error;
        }
    }
}

async fn holds(workspace: &Workspace, permission: Permission) -> Result<bool> {
    Ok(renewed(workspace).await?.may(permission))
}

/// The workspace with the rights of now, for what has waited for somebody outside: a rank that was lowered meanwhile counts.
///
/// # Errors
/// `not-allowed` when the session or token has ended, `not-found` when the membership has.
pub(crate) async fn renewed(workspace: &Workspace) -> Result<Workspace> {
    let (platform, caller) = (workspace.platform(), workspace.caller());
    let identity = live(platform, caller).await?.ok_or_else(lost)?;
    let caller = Caller {
        identity,
        ..caller.clone()
    };
    platform.enter(&caller, &workspace.organization().slug).await
}

/// Returns when whoever put a job up may no longer do what it does.
pub(crate) async fn withdrawn_from_job(
    platform: &Platform,
    job: &Job,
    permission: Option<Permission>,
) -> PlatformError {
    let Some(permission) = permission.filter(|_| job.account_id.is_some()) else {
        return std::future::pending().await;
    };
    let mut looks = Looks::default();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let answer = job::enter(platform, job).await.map(|now| now.may(permission));
        if let Some(error) = looks.judge(answer) {
            return error;
        }
    }
}

/// Looks in a row that failed.
#[derive(Default)]
struct Looks {
    failures: u32,
}

impl Looks {
    /// What a look means: the reason to end, if there is one.
    fn judge(&mut self, answer: Result<bool>) -> Option<PlatformError> {
        match answer {
            Ok(true) => {
                self.failures = 0;
                None
            }
            Ok(false) => Some(lost()),
            Err(error) if is_refusal(error.code) => Some(lost()),
            // A database that is away for a moment withdraws nothing.
            Err(error) => {
                self.failures += 1;
                (self.failures > FAILURES_MAX).then_some(error)
            }
        }
    }
}

fn is_refusal(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::NotSignedIn | ProblemCode::NotAllowed | ProblemCode::NotFound
    )
}

/// That a right was withdrawn meanwhile.
pub(crate) fn lost() -> PlatformError {
    PlatformError::new(
        ProblemCode::NotAllowed,
        "the right to this was withdrawn while it ran; nothing more of it is handed out",
    )
}

/// Whether the session or the token still counts, and with it the account. Idleness does not: something runs.
async fn is_live(platform: &Platform, caller: &Caller) -> Result<bool> {
    Ok(live(platform, caller).await?.is_some())
}

/// The caller's identity with the account as it is now, while it counts.
async fn live(platform: &Platform, caller: &Caller) -> Result<Option<Identity>> {
    let now = platform.now();
    let mut read = platform.control().read().await?;
    let counts = match &caller.identity {
        Identity::Person { session, .. } => session::find_live(&mut read, *session, now).await?.is_some(),
        Identity::Token { token, .. } => api_token::find_live(&mut read, *token, now).await?.is_some(),
        Identity::Host | Identity::System => return Ok(Some(caller.identity.clone())),
        Identity::Anonymous | Identity::Held { .. } => false,
    };
    let Some(id) = caller.account().map(|account| account.id).filter(|_| counts) else {
        return Ok(None);
    };
    let found = account::find_by_id(&mut read, id)
        .await?
        .map(|(account, _)| account);
    let active = found.filter(|account| account.state == AccountState::Active);
    Ok(active.map(|found| {
        let mut identity = caller.identity.clone();
        if let Identity::Person { account, .. } | Identity::Token { account, .. } = &mut identity {
            *account = AccountSummary::of(&found);
        }
        identity
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Result<bool> {
        Err(PlatformError::new(ProblemCode::Unavailable, "away"))
    }

    #[test]
    fn a_moment_without_the_database_withdraws_nothing_and_a_longer_one_does() {
        let mut looks = Looks::default();
        for _ in 0..FAILURES_MAX {
            assert!(looks.judge(away()).is_none());
        }
        assert!(looks.judge(Ok(true)).is_none());
        for _ in 0..FAILURES_MAX {
            assert!(looks.judge(away()).is_none());
        }
        assert_eq!(looks.judge(away()).unwrap().code, ProblemCode::Unavailable);
    }

    #[test]
    fn a_refusal_withdraws_at_once() {
        let gone = PlatformError::not_found("organization");
        for answer in [Ok(false), Err(gone)] {
            let error = Looks::default().judge(answer).unwrap();
            assert_eq!(error.code, ProblemCode::NotAllowed);
        }
    }
}
