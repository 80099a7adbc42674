//! What roles may do is what the table says, for every role and permission; every organization has an owner.

use super::{homes, look::Look};
use crate::{Platform, error::Result, workspace::Home};
use access::{
    Decision, MemberState, Permission, Policies, Realm, Role, Standing, Subject,
    table::{Cell, cell},
};
use promises::Outcome;
use store::control::{account::AccountState, membership};
use types::{OrganizationId, PageSize};

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let homes = homes(platform).await?;
    let mut decisions = 0;
    for home in &homes {
        decisions += probe(home, &mut look);
        if count_owners(platform, home.summary.id).await? == 0 {
            look.fault(
                "the organization has no active owner",
                home.summary.slug.clone(),
                "make a member an owner on the host",
            );
        }
    }
    decisions += probe_states(&mut look);
    Ok(look
        .fact("organizations with an owner looked for", homes.len())
        .fact("decisions compared with the table", decisions)
        .done())
}

/// Asks as every role for every permission, under the organization's own policies.
fn probe(home: &Home, look: &mut Look) -> usize {
    let organization = home.summary.id;
    let mut asked = 0;
    for role in Role::ALL {
        for permission in Permission::ALL
            .iter()
            .copied()
            .filter(|one| one.realm() == Realm::Organization)
        {
            asked += 1;
            let expected = match cell(role, permission) {
                Cell::Yes => true,
                Cell::No => false,
                Cell::ByPolicy(policy) => home.policies.choice(policy) == access::Choice::Allow,
            };
            if is_allowed(
                role,
                MemberState::Active,
                organization,
                permission,
                &home.policies,
            ) != expected
            {
                let what = format!("a {role} is not treated as the table says for {permission}");
                look.fault(
                    what,
                    home.summary.slug.clone(),
                    "report this as a bug; it should not happen",
                );
            }
        }
    }
    asked
}

/// Members who do not count, and strangers, get nothing at all.
fn probe_states(look: &mut Look) -> usize {
    let organization = OrganizationId(uuid::Uuid::nil());
    let mut asked = 0;
    for permission in Permission::ALL.iter().copied() {
        for state in [MemberState::Invited, MemberState::Disabled] {
            asked += 1;
            if is_allowed(Role::Owner, state, organization, permission, &Policies::default()) {
                let what = format!("a member who is {} has {permission}", state.as_str());
                look.fault(
                    what,
                    "every organization",
                    "report this as a bug; it should not happen",
                );
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

async fn count_owners(platform: &Platform, organization: OrganizationId) -> Result<usize> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let (mut owners, mut after) = (0, None);
    loop {
        let mut read = platform.control().read().await?;
        let page = membership::list(&mut read, organization, size, after).await?;
        let counts = |(member, account): &&(membership::Membership, store::control::account::Account)| {
            member.role == Role::Owner
                && member.state == MemberState::Active
                && account.state == AccountState::Active
        };
        owners += page.iter().filter(counts).count();
        after = page.last().map(|(member, _)| member.account_id);
        if page.len() < usize::from(PageSize::MAX) {
            return Ok(owners);
        }
    }
}
