//! Who asks: the actor, where they stand, and how far their token reaches.
//!
//! Invariant: a subject is made only by the constructors below, so that an anonymous visitor with a role, or a
//! person with a system's rights, cannot be expressed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::narrowing::Narrowing;
use crate::permission::Permission;
use crate::role::Role;

/// Who acts; also the actor of an audit entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody that is known.
    Anonymous,
    /// A signed-in person.
    Person {
        /// The account.
        account: Uuid,
    },
    /// A program with an API token.
    Token {
        /// The account that made the token.
        account: Uuid,
        /// The token.
        token: Uuid,
    },
    /// The command line on the host, run by root.
    Host,
    /// The platform itself, working for one organization.
    System {
        /// The organization whose schedule or check runs.
        organization: Uuid,
    },
}

/// What the actor is, seen from the organization or appliance in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signed in, and no member of the organization asked for.
    SignedIn,
    /// A member, in whatever state.
    Member {
        /// The organization.
        organization: Uuid,
        /// The role there.
        role: Role,
        /// Whether the membership counts today.
        state: MemberState,
    },
    /// An operator of the appliance: no role in any organization.
    Operator,
    /// An operator whom the organization has let in for a time.
    Granted {
        /// The organization.
        organization: Uuid,
        /// How far.
        extent: Extent,
    },
}

/// How far an operator is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// [`crate::table::GRANTED_READ`].
    Read,
    /// [`crate::table::GRANTED_REPAIR`] besides.
    Repair,
}

/// Whether a membership counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Invited and has not accepted yet: no rights.
    Invited,
    /// Counts.
    Active,
    /// Disabled by an administrator or the directory: no rights.
    Disabled,
}

/// How far a token reaches. A person's session reaches all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Everything that the account may do.
    All,
    /// Of what the account may do, only these.
    Only(BTreeSet<Permission>),
}

/// Who asks for a permission.
#[derive(Debug, Clone)]
pub struct Subject {
    pub(crate) actor: Actor,
    pub(crate) standing: Standing,
    pub(crate) scope: TokenScope,
    pub(crate) narrowing: Option<Narrowing>,
}

impl Actor {
    /// The account behind it, if there is one.
    pub const fn account(&self) -> Option<Uuid> {
        match self {
            Actor::Person { account } | Actor::Token { account, .. } => Some(*account),
            Actor::Anonymous | Actor::Host | Actor::System { .. } => None,
        }
    }

    /// The stable kind written into audit entries.
    pub const fn kind(&self) -> &'static str {
        match self {
            Actor::Anonymous => "anonymous",
            Actor::Person { .. } => "person",
            Actor::Token { .. } => "token",
            Actor::Host => "host",
            Actor::System { .. } => "system",
        }
    }
}

impl MemberState {
    /// The stable name used in the API and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            MemberState::Invited => "invited",
            MemberState::Active => "active",
            MemberState::Disabled => "disabled",
        }
    }
}

impl TokenScope {
    /// Whether the token reaches this permission.
    pub fn includes(&self, permission: Permission) -> bool {
        match self {
            TokenScope::All => true,
            TokenScope::Only(permissions) => permissions.contains(&permission),
        }
    }
}

impl Subject {
    /// Somebody who has not signed in.
    pub const fn anonymous() -> Self {
        Self::new(Actor::Anonymous, Standing::SignedIn, TokenScope::All, None)
    }

    /// A person with a session.
    pub const fn person(account: Uuid, standing: Standing) -> Self {
        Self::new(Actor::Person { account }, standing, TokenScope::All, None)
    }

    /// A program with an API token of `account`; `narrowing` is the token's own, if it has one.
    pub const fn token(
        account: Uuid,
        token: Uuid,
        standing: Standing,
        scope: TokenScope,
        narrowing: Option<Narrowing>,
    ) -> Self {
        Self::new(Actor::Token { account, token }, standing, scope, narrowing)
    }

    /// Root at the host's command line: an operator without an account.
    pub const fn host() -> Self {
        Self::new(Actor::Host, Standing::Operator, TokenScope::All, None)
    }

    /// The platform itself, for one organization's schedules and checks ([`crate::table::SYSTEM`]).
    pub const fn system(organization: Uuid) -> Self {
        Self::new(
            Actor::System { organization },
            Standing::SignedIn,
            TokenScope::All,
            None,
        )
    }

    const fn new(actor: Actor, standing: Standing, scope: TokenScope, narrowing: Option<Narrowing>) -> Self {
        Subject {
            actor,
            standing,
            scope,
            narrowing,
        }
    }

    /// Who acts.
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// Where they stand.
    pub const fn standing(&self) -> Standing {
        self.standing
    }
}
