//! What an archive says of the organization besides its records: its policies and its people.
//!
//! Invariant: no secret and nothing that lets anybody in; restoring an archive makes nobody a member.

use crate::{Workspace, act::vault_failure, error::Result, member, narrowing::NamedNarrowing, policy};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use types::AccountId;

#[derive(Serialize)]
struct About {
    slug: String,
    name: String,
    policies: access::Policies,
    requirements: policy::Requirements,
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    account: AccountId,
    email: String,
    name: String,
    role: access::Role,
    state: &'static str,
    joined_at: Timestamp,
    narrowing: NamedNarrowing,
}

/// Reads it, for a caller who may see the members.
pub(super) async fn write(workspace: &Workspace) -> Result<Bytes> {
    let mut people = Vec::new();
    let mut after = None;
    loop {
        let page = member::list(workspace, after).await?;
        people.extend(page.members.into_iter().map(|member| Person {
            account: member.account,
            email: member.email,
            name: member.name,
            role: member.role,
            state: member.state.as_str(),
            joined_at: member.joined_at,
            narrowing: member.narrowing,
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let policy = workspace.home.policy();
    let summary = workspace.organization();
    let about = About {
        slug: summary.slug.clone(),
        name: summary.name.clone(),
        policies: policy.administrators,
        requirements: policy.requirements,
        people,
    };
    Ok(serde_json::to_vec_pretty(&about).map_err(vault_failure)?.into())
}
