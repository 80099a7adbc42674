//! How members come in: by which directory or provider they are vouched for, and which second factors they have.
//!
//! Invariant: only of members of the workspace's organization, whom [`super::list`] gave.

use super::Member;
use crate::{Workspace, error::Result};
use access::Permission;
use std::collections::BTreeMap;
use store::control::way::{self, WayKind};
use types::AccountId;

/// How somebody comes in besides a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    /// The keys of directories that vouch for them.
    pub directories: Vec<String>,
    /// The labels of providers that do.
    pub providers: Vec<String>,
    /// The kinds of their second factors that count: `totp`, `passkey`.
    pub factors: Vec<String>,
}

/// How these members come in; who has neither a source nor a factor is left out.
///
/// # Errors
/// `not-allowed`.
pub async fn ways(workspace: &Workspace, members: &[Member]) -> Result<BTreeMap<AccountId, Ways>> {
    workspace.permit(Permission::MemberRead).await?;
    let accounts: Vec<AccountId> = members.iter().map(|member| member.account).collect();
    let mut read = workspace.platform().control().read().await?;
    let mut found: BTreeMap<AccountId, Ways> = BTreeMap::new();
    for way in way::list_of(&mut read, &accounts).await? {
        let ways = found.entry(way.account).or_default();
        match way.kind {
            WayKind::Directory => ways.directories.push(way.name),
            WayKind::Provider => ways.providers.push(way.name),
            WayKind::Factor => ways.factors.push(way.name),
        }
    }
    Ok(found)
}
