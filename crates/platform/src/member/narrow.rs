//! Taking rights away from one member, per dataset and field.

use super::{Member, check_rank, find};
use crate::{
    Workspace,
    act::{Act, Object},
    error::Result,
    narrowing::{self, NamedNarrowing},
    session,
};
use access::Permission;
use store::control::membership as rows;
use types::AccountId;

/// Sets what is taken away from a member's role, in the place of what was; the caller's own narrowing is taken away too.
/// It holds on every node within five seconds, and for the member's tokens.
///
/// # Errors
/// `proof-required`; `invalid` for names that are not there; `not-found`; `not-allowed` for an owner, unless by an owner.
pub async fn set_narrowing(
    workspace: &Workspace,
    account: AccountId,
    named: &NamedNarrowing,
) -> Result<Member> {
    let permit = workspace.permit(Permission::MemberManage).await?;
    session::require_fresh(workspace.platform(), workspace.caller())?;
    let now = find(workspace, account).await?;
    check_rank(permit.role(), now.role)?;
    let resolved = narrowing::resolve(workspace, &permit, "", named).await?;
    let (platform, organization) = (workspace.platform(), workspace.organization().id);
    let mut tx = platform.control().begin().await?;
    rows::set_narrowing(&mut tx, organization, account, &narrowing::write(&resolved)?).await?;
    let reason = format!("{} -> {}", now.narrowing.in_words(), named.in_words());
    let act = Act::configuration("member.set-narrowing", Object::new("member", account)).because(&reason);
    let entry = platform.entry(workspace.caller(), Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.standings().clear();
    find(workspace, account).await
}
