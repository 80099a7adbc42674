//! Taking somebody's second factors away, when they have lost them.
//!
//! Invariants: an administrator resets only members that are this organization's alone and no operators, or one
//! organization could open another's door; of everybody else it is the operator on the host. The person's sessions end,
//! everybody concerned sees the entry, and the next sign-in asks for a new factor where one is required.

use crate::{
    Caller, Platform, Workspace,
    act::{Act, Object},
    caller::Identity,
    error::{PlatformError, Result},
    member, session,
};
use access::Permission;
use store::control::{
    ControlTx, account as accounts,
    factor::{self as rows, FactorState},
    invitation::lock_account,
    membership, organization, pending_sign_in, recovery_code, session as sessions,
};
use types::{AccountId, EmailAddress, ProblemCode};

/// Takes a member's factors and recovery codes away.
///
/// # Errors
/// `not-allowed` for whoever may not manage members or is of a lower rank; `conflict` for a member of other organizations
/// too, an operator, or oneself; `not-found`, `proof-required`.
pub async fn reset(workspace: &Workspace, account: AccountId) -> Result<()> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let found = member::find(workspace, account).await?;
    member::check_rank(permit.role(), found.role)?;
    if workspace.caller().author() == account {
        let detail = "your own second factors are managed on your account's page";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    let platform = workspace.platform();
    let mut tx = platform.control().begin().await?;
    // Another organization that adds the person in this moment waits, or is seen.
    lock_account(&mut tx, account).await?;
    let is_elsewhere = membership::is_elsewhere(&mut tx, workspace.organization().id, account).await?;
    let is_operator = accounts::find_by_id(&mut tx, account)
        .await?
        .is_some_and(|(row, _)| row.operator);
    if is_operator || is_elsewhere {
        tx.close().await?;
        let detail = "this person belongs to another organization too, or is an operator; the operator resets their \
                      second factors on the host";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    take_away(platform, &mut tx, account).await?;
    let act = Act::access("factor.reset", Object::new("member", account));
    let entry = platform.entry(workspace.caller(), Some(workspace.organization().id), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}

/// Takes anybody's factors and recovery codes away, in the name of the operator on the host.
///
/// # Errors
/// `not-allowed` for anybody but the host; `not-found`.
pub async fn reset_as_operator(platform: &Platform, caller: &Caller, email: &str) -> Result<usize> {
    let address = address_at_host(caller, email)?;
    let mut tx = platform.control().begin().await?;
    let found = accounts::find_by_email(&mut tx, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0.id;
    let organizations = organization::list_for_account(&mut tx, account).await?;
    let removed = take_away(platform, &mut tx, account).await?;
    let act = Act::access("factor.reset", Object::new("account", account));
    let first = platform.entry(caller, None, &act)?;
    let rest = organizations
        .iter()
        .map(|(found, _)| platform.entry(caller, Some(found.id), &act))
        .collect::<Result<Vec<_>>>()?;
    tx.commit(&first, &rest).await?;
    platform.known().clear();
    Ok(removed)
}

/// Whether the account has a second factor that counts, asked on the host.
///
/// # Errors
/// As [`reset_as_operator`].
pub async fn is_enrolled(platform: &Platform, caller: &Caller, email: &str) -> Result<bool> {
    let address = address_at_host(caller, email)?;
    let mut read = platform.control().read().await?;
    let found = accounts::find_by_email(&mut read, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0.id;
    let factors = rows::list_of(&mut read, account).await?;
    Ok(factors.iter().any(|factor| factor.state == FactorState::Active))
}

fn address_at_host(caller: &Caller, email: &str) -> Result<EmailAddress> {
    if !matches!(caller.identity, Identity::Host) {
        let detail = "this is done on the host";
        return Err(PlatformError::new(ProblemCode::NotAllowed, detail));
    }
    let address = email.trim().parse::<EmailAddress>();
    address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))
}

async fn take_away(platform: &Platform, tx: &mut ControlTx, account: AccountId) -> Result<usize> {
    let removed = rows::remove_all_of(tx, account).await?;
    recovery_code::remove_all_of(tx, account).await?;
    pending_sign_in::end_all_of(tx, account).await?;
    pending_sign_in::forgive(tx, account).await?;
    sessions::end_all_of(tx, account, platform.now()).await?;
    Ok(removed)
}
