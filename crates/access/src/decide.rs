//! The question: may this subject do this, here?
//!
//! Invariant: every way to a permit goes through one of the three functions below, each of which begins with a
//! refusal and ends with the only construction of its permit. Policies and narrowing are those of the organization
//! asked for; the caller reads them in the same transaction as the membership.

use uuid::Uuid;

use crate::denial::Denial;
use crate::narrowing::Narrowing;
use crate::permission::{Permission, Realm};
use crate::permit::{AccountPermit, AppliancePermit, Permit, RevealPolicy};
use crate::policy::{Choice, Policies};
use crate::role::Role;
use crate::subject::{Actor, Extent, MemberState, Standing, Subject};
use crate::table::{self, Cell};

/// The answer. Look at it: a decision that nobody reads protects nothing.
#[must_use]
#[derive(Debug)]
pub enum Decision<P = Permit> {
    /// They may, within what the permit says.
    Allowed(P),
    /// They may not, for this reason.
    Denied(Denial),
}

impl<P> Decision<P> {
    /// The same as a `Result`, for `?`.
    ///
    /// # Errors
    /// The [`Denial`].
    pub fn into_result(self) -> Result<P, Denial> {
        match self {
            Decision::Allowed(permit) => Ok(permit),
            Decision::Denied(denial) => Err(denial),
        }
    }
}

impl<P> From<Result<P, Denial>> for Decision<P> {
    fn from(result: Result<P, Denial>) -> Self {
        match result {
            Ok(permit) => Decision::Allowed(permit),
            Err(denial) => Decision::Denied(denial),
        }
    }
}

/// May `subject` do this in `organization`? `narrowing` is the membership's; a token's own is part of the subject,
/// and the permit carries what both leave.
pub fn decide(
    subject: &Subject,
    organization: Uuid,
    permission: Permission,
    policies: &Policies,
    narrowing: Option<&Narrowing>,
) -> Decision {
    match check_standing(subject, organization) {
        Ok(Seat::System) => decide_system(subject, organization, permission).into(),
        Ok(Seat::Granted(extent)) => decide_granted(subject, organization, permission, extent).into(),
        Ok(Seat::Member(role)) => {
            let allowed = check_member(subject, role, permission, policies);
            let permit = |()| Permit {
                permission,
                organization,
                actor: subject.actor,
                role: Some(role),
                reveal: reveal_policy(subject, role, policies),
                narrowing: combined(narrowing, subject.narrowing.as_ref()),
            };
            allowed.map(permit).into()
        }
        Err(denial) => Decision::Denied(denial),
    }
}

/// The same in a cancelled organization: of what is allowed, what [`table::LEFT_AFTER_CANCELLATION`] leaves.
pub fn decide_cancelled(
    subject: &Subject,
    organization: Uuid,
    permission: Permission,
    policies: &Policies,
    narrowing: Option<&Narrowing>,
) -> Decision {
    match decide(subject, organization, permission, policies, narrowing) {
        Decision::Allowed(_) if !table::LEFT_AFTER_CANCELLATION.contains(&permission) => {
            Decision::Denied(Denial::Cancelled { permission })
        }
        decision => decision,
    }
}

/// May `subject` do this on the appliance? Only operators and root at the host may.
pub fn decide_appliance(subject: &Subject, permission: Permission) -> Decision<AppliancePermit> {
    if subject.actor == Actor::Anonymous {
        return Decision::Denied(Denial::NotSignedIn);
    }
    if permission.realm() != Realm::Appliance {
        return Decision::Denied(Denial::OtherRealm { permission });
    }
    if subject.standing != Standing::Operator {
        return Decision::Denied(Denial::NotAnOperator { permission });
    }
    let permit = |()| AppliancePermit {
        permission,
        actor: subject.actor,
    };
    check_scope(subject, permission).map(permit).into()
}

/// May `subject` do this to their own account? Whoever is signed in may, if their token reaches it.
pub fn decide_account(subject: &Subject, permission: Permission) -> Decision<AccountPermit> {
    let Some(account) = subject.actor.account() else {
        return Decision::Denied(Denial::NotSignedIn);
    };
    if permission.realm() != Realm::Account {
        return Decision::Denied(Denial::OtherRealm { permission });
    }
    let permit = |()| AccountPermit {
        permission,
        account,
        actor: subject.actor,
    };
    check_scope(subject, permission).map(permit).into()
}

/// In what capacity a subject comes to an organization.
enum Seat {
    System,
    Member(Role),
    Granted(Extent),
}

fn check_standing(subject: &Subject, organization: Uuid) -> Result<Seat, Denial> {
    match (subject.actor, subject.standing) {
        (Actor::Anonymous, _) => Err(Denial::NotSignedIn),
        (Actor::System { organization: own }, _) if own == organization => Ok(Seat::System),
        (Actor::System { .. }, _) | (_, Standing::SignedIn) => Err(Denial::NotAMember),
        (Actor::Host, _) | (_, Standing::Operator) => Err(Denial::Operator),
        (
            _,
            Standing::Member {
                organization: own, ..
            },
        ) if own != organization => Err(Denial::NotAMember),
        (
            Actor::Person { .. },
            Standing::Granted {
                organization: own,
                extent,
            },
        ) if own == organization => Ok(Seat::Granted(extent)),
        (_, Standing::Granted { .. }) => Err(Denial::Operator),
        (_, Standing::Member { role, state, .. }) => match state {
            MemberState::Active => Ok(Seat::Member(role)),
            MemberState::Invited => Err(Denial::MemberInvited),
            MemberState::Disabled => Err(Denial::MemberDisabled),
        },
    }
}

fn decide_system(subject: &Subject, organization: Uuid, permission: Permission) -> Result<Permit, Denial> {
    if !table::SYSTEM.contains(&permission) {
        return Err(Denial::SystemLacks { permission });
    }
    Ok(Permit {
        permission,
        organization,
        actor: subject.actor,
        role: None,
        reveal: RevealPolicy::Masked,
        narrowing: Narrowing::nothing(),
    })
}

/// Never in the clear, whatever the organization's policies say.
fn decide_granted(
    subject: &Subject,
    organization: Uuid,
    permission: Permission,
    extent: Extent,
) -> Result<Permit, Denial> {
    let repairs = extent == Extent::Repair && table::GRANTED_REPAIR.contains(&permission);
    if !repairs && !table::GRANTED_READ.contains(&permission) {
        return Err(Denial::GrantLacks { permission });
    }
    Ok(Permit {
        permission,
        organization,
        actor: subject.actor,
        role: None,
        reveal: RevealPolicy::Masked,
        narrowing: Narrowing::nothing(),
    })
}

fn check_member(
    subject: &Subject,
    role: Role,
    permission: Permission,
    policies: &Policies,
) -> Result<(), Denial> {
    match table::cell(role, permission) {
        Cell::Yes => check_scope(subject, permission),
        Cell::No => Err(Denial::RoleLacks { permission, role }),
        Cell::ByPolicy(policy) => match policies.choice(policy) {
            Choice::Allow => check_scope(subject, permission),
            Choice::Deny => Err(Denial::PolicyForbids {
                permission,
                role,
                policy,
            }),
        },
    }
}

fn check_scope(subject: &Subject, permission: Permission) -> Result<(), Denial> {
    if subject.scope.includes(permission) {
        Ok(())
    } else {
        Err(Denial::TokenLacks { permission })
    }
}

fn reveal_policy(subject: &Subject, role: Role, policies: &Policies) -> RevealPolicy {
    match check_member(subject, role, Permission::RecordReveal, policies) {
        Ok(()) => RevealPolicy::Clear,
        Err(_) => RevealPolicy::Masked,
    }
}

fn combined(membership: Option<&Narrowing>, token: Option<&Narrowing>) -> Narrowing {
    match (membership, token) {
        (Some(membership), Some(token)) => membership.meet(token),
        (Some(only), None) | (None, Some(only)) => only.clone(),
        (None, None) => Narrowing::nothing(),
    }
}

#[cfg(test)]
mod tests;
