//! Ending a member's sessions by an administrator.

use super::{check_rank, find};
use crate::{
    Workspace,
    act::{Act, Object},
    error::Result,
};
use access::Permission;
use jiff::Timestamp;
use store::control::{ControlTx, membership::MembershipError, organization, session};
use types::AccountId;

/// Ends every session of a member; they sign in anew. A session is the person's and not the organization's, so that those
/// in other organizations are the same ones. Answers how many were ended; refused on every node within five seconds.
///
/// # Errors
/// `not-found`; `not-allowed` for an owner, unless by an owner.
pub async fn end_sessions(workspace: &Workspace, account: AccountId) -> Result<usize> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    check_rank(permit.role(), find(workspace, account).await?.role)?;
    let platform = workspace.platform();
    let mut tx = platform.control().begin().await?;
    let ended = session::end_all_of(&mut tx, account, workspace.now()).await?;
    let reason = format!("{ended} sessions");
    let act = Act::access("member.end-sessions", Object::new("member", account)).because(&reason);
    let entry = platform.entry(workspace.caller(), Some(workspace.organization().id), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(ended)
}

/// Ends the sessions of somebody who counts in no organization any more.
pub(super) async fn where_nowhere_left(
    tx: &mut ControlTx,
    account: AccountId,
    now: Timestamp,
) -> Result<(), MembershipError> {
    if organization::list_for_account(tx, account).await?.is_empty() {
        session::end_all_of(tx, account, now).await?;
    }
    Ok(())
}
