//! Why not, and how much of that the outside may learn.
//!
//! Invariant: an organization that the subject has nothing to do with answers exactly like one that does not exist.

use crate::permission::Permission;
use crate::policy::Policy;
use crate::role::Role;

/// The reason of a refusal. The text is for the log and for people who may know it; see [`Denial::answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    NotSignedIn,
    /// The account is no member of the organization, which may not even exist.
    #[error("the account is no member of this organization")]
    NotAMember,
    /// The membership is disabled.
    #[error("the membership is disabled; an administrator can enable it")]
    MemberDisabled,
    /// The invitation is not accepted yet.
    #[error("the invitation is not accepted yet")]
    MemberInvited,
    /// The role does not have the permission.
    #[error("the role {role} does not have {permission}; an administrator can give another role")]
    RoleLacks {
        /// What was asked for.
        permission: Permission,
        /// The member's role.
        role: Role,
    },
    /// The role may have the permission by policy, and the policy says no.
    #[error("the organization's policy {} keeps {permission} from the role {role}", .policy.as_str())]
    PolicyForbids {
        /// What was asked for.
        permission: Permission,
        /// The member's role.
        role: Role,
        /// The policy that says no.
        policy: Policy,
    },
    /// The account may, the token may not.
    #[error("the token does not reach {permission}; make one that does")]
    TokenLacks {
        /// What was asked for.
        permission: Permission,
    },
    /// Operators have no role in any organization.
    #[error("operators have no access to an organization; ask its administrators for an operator grant")]
    Operator,
    /// The operator's grant does not go so far.
    #[error("an operator grant does not reach {permission}")]
    GrantLacks {
        /// What was asked for.
        permission: Permission,
    },
    /// The permission is an operator's, and the subject is none.
    #[error("{permission} is for operators of the appliance")]
    NotAnOperator {
        /// What was asked for.
        permission: Permission,
    },
    /// The platform itself may not do this.
    #[error("the platform itself does not have {permission}")]
    SystemLacks {
        /// What was asked for.
        permission: Permission,
    },
    /// The organization is cancelled, and the permission is none that is left then.
    #[error(
        "the organization is cancelled: it can be read and exported, and nothing in it changes; an owner can take that back"
    )]
    Cancelled {
        /// What was asked for.
        permission: Permission,
    },
    /// The permission is not of the kind that was asked; a fault of the calling code.
    #[error("{permission} cannot be asked for here")]
    OtherRealm {
        /// What was asked for.
        permission: Permission,
    },
}

/// How a refusal may sound outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Say who you are (401).
    SignIn,
    /// There is no such thing (404): even existence is private.
    NotFound,
    /// Known, and not allowed (403).
    Forbidden,
}

impl Denial {
    /// The stable code for problems and audit entries.
    pub const fn code(&self) -> &'static str {
        match self {
            Denial::NotSignedIn => "not-signed-in",
            Denial::NotAMember => "not-a-member",
            Denial::MemberDisabled => "member-disabled",
            Denial::MemberInvited => "member-invited",
            Denial::RoleLacks { .. } => "role-lacks-permission",
            Denial::PolicyForbids { .. } => "policy-forbids",
            Denial::TokenLacks { .. } => "token-lacks-permission",
            Denial::Operator => "operator-without-grant",
            Denial::GrantLacks { .. } => "grant-lacks-permission",
            Denial::NotAnOperator { .. } => "not-an-operator",
            Denial::SystemLacks { .. } => "system-lacks-permission",
            Denial::Cancelled { .. } => "organization-cancelled",
            Denial::OtherRealm { .. } => "permission-of-another-realm",
        }
    }

    /// How much of it may be said.
    pub const fn answer(&self) -> Answer {
        match self {
            Denial::NotSignedIn => Answer::SignIn,
            Denial::NotAMember => Answer::NotFound,
            Denial::MemberDisabled
            | Denial::MemberInvited
            | Denial::RoleLacks { .. }
            | Denial::PolicyForbids { .. }
            | Denial::TokenLacks { .. }
            | Denial::Operator
            | Denial::GrantLacks { .. }
            | Denial::NotAnOperator { .. }
            | Denial::SystemLacks { .. }
            | Denial::Cancelled { .. }
            | Denial::OtherRealm { .. } => Answer::Forbidden,
        }
    }
}
