//! What roles may do is what the table says, for every role and permission; what a role may not do is refused when it
//! is really called; every organization has an owner.

mod call;

use super::{homes, look::Look};
use crate::{Platform, error::Result, member, record::Input, workspace::Home};
use access::{
    Decision, MemberState, Permission, Policies, Realm, Role, Standing, Subject,
    table::{Cell, cell},
};
use call::fault_of;
use promises::Outcome;
use std::sync::Arc;
use store::control::{account::AccountState, membership};
use types::{AccountId, OrganizationId, PageSize, ProblemCode};

/// No operator can mend this.
const BUG: &str = "report this as a bug; it should not happen";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let homes = homes(platform).await?;
    let (mut decisions, mut calls) = (0, 0);
    for home in &homes {
        decisions += compare(home, &mut look);
        let owners = owners(platform, home.summary.id).await?;
        if owners.is_empty() {
            look.fault(
                "the organization has no active owner",
                home.summary.slug.clone(),
                "make a member an owner on the host",
            );
        }
        calls += make_calls(platform, home, &owners, &mut look).await?;
    }
    decisions += compare_states(&mut look);
    Ok(look
        .fact("organizations with an owner looked for", homes.len())
        .fact("decisions compared with the table", decisions)
        .fact("calls that must be refused", calls)
        .done())
}

/// Asks as every role for every permission, under the organization's own policies.
fn compare(home: &Home, look: &mut Look) -> usize {
    let organization = home.summary.id;
    let mut asked = 0;
    for role in Role::ALL {
        for permission in Permission::ALL
            .iter()
            .copied()
            .filter(|one| one.realm() == Realm::Organization)
        {
            asked += 1;
            let allowed = is_allowed(
                role,
                MemberState::Active,
                organization,
                permission,
                &home.policies,
            );
            if allowed != is_in_table(role, permission, &home.policies) {
                let what = format!("a {role} is not treated as the table says for {permission}");
                look.fault(what, home.summary.slug.clone(), BUG);
            }
        }
    }
    asked
}

fn is_in_table(role: Role, permission: Permission, policies: &Policies) -> bool {
    match cell(role, permission) {
        Cell::Yes => true,
        Cell::No => false,
        Cell::ByPolicy(policy) => policies.choice(policy) == access::Choice::Allow,
    }
}

/// Calls the use cases as every role for what it may not do, and sees each refused.
async fn make_calls(
    platform: &Platform,
    home: &Arc<Home>,
    owners: &[AccountId],
    look: &mut Look,
) -> Result<usize> {
    let nothing = Input::new();
    let mut made = 0;
    for role in Role::ALL {
        let workspace = platform.enter_as_probe(Arc::clone(home), role);
        for call in call::all(&workspace, &nothing) {
            if !is_in_table(role, call.permission, &home.policies) {
                made += 1;
                let fault = fault_of(role, call.does, call.answer.await, &[ProblemCode::NotAllowed])?;
                note(fault, home, look);
            }
        }
        // An owner may remove another one, never the last.
        let last = match owners {
            [last] => Some(last),
            [first, _, ..] if role != Role::Owner => Some(first),
            _ => None,
        };
        if let Some(owner) = last {
            made += 1;
            let answer = member::rehearse_removal(&workspace, *owner).await;
            let refusals = match role {
                Role::Owner => [ProblemCode::LastOwner],
                _ => [ProblemCode::NotAllowed],
            };
            note(fault_of(role, "removes an owner", answer, &refusals)?, home, look);
        }
    }
    Ok(made)
}

fn note(fault: Option<String>, home: &Home, look: &mut Look) {
    if let Some(what) = fault {
        look.fault(what, home.summary.slug.clone(), BUG);
    }
}

/// Members who do not count, and strangers, get nothing at all.
fn compare_states(look: &mut Look) -> usize {
    let organization = OrganizationId(uuid::Uuid::nil());
    let mut asked = 0;
    for permission in Permission::ALL.iter().copied() {
        for state in [MemberState::Invited, MemberState::Disabled] {
            asked += 1;
            if is_allowed(Role::Owner, state, organization, permission, &Policies::default()) {
                let what = format!("a member who is {} has {permission}", state.as_str());
                look.fault(what, "every organization", BUG);
            }
        }
    }
    asked
}

fn is_allowed(
    role: Role,
    state: MemberState,
    organization: OrganizationId,
    permission: Permission,
    policies: &Policies,
) -> bool {
    let standing = Standing::Member {
        organization: organization.0,
        role,
        state,
    };
    let subject = Subject::person(uuid::Uuid::nil(), standing);
    let decision = access::decide(&subject, organization.0, permission, policies, None);
    matches!(decision, Decision::Allowed(_))
}

/// The accounts that actively own the organization.
async fn owners(platform: &Platform, organization: OrganizationId) -> Result<Vec<AccountId>> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let (mut owners, mut after) = (Vec::new(), None);
    loop {
        let mut read = platform.control().read().await?;
        let page = membership::list(&mut read, organization, size, after).await?;
        let counts = |(member, account): &&(membership::Membership, store::control::account::Account)| {
            member.role == Role::Owner
                && member.state == MemberState::Active
                && account.state == AccountState::Active
        };
        owners.extend(page.iter().filter(counts).map(|(member, _)| member.account_id));
        after = page.last().map(|(member, _)| member.account_id);
        if page.len() < usize::from(PageSize::MAX) {
            return Ok(owners);
        }
    }
}
