//! Who asks, and from where. The faces make a caller out of a session, a token or the command line; everything that
//! is audited names it.

use crate::error::Result;
use access::TokenScope;
use jiff::Timestamp;
use store::control::account::Account;
use types::{AccountId, OrganizationId, SessionId, TokenId};

/// Where a request comes from, as it enters the audit log.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The network address, without a port.
    pub address: Option<String>,
    /// The device or program, as it called itself, at most 200 characters.
    pub device: Option<String>,
    /// The request's id, the same as in the journal and in the answer.
    pub request_id: Option<String>,
}

/// An account, as far as its holder's requests need it.
#[derive(Debug, Clone)]
pub struct AccountSummary {
    /// Its id.
    pub id: AccountId,
    /// Its e-mail address.
    pub email: String,
    /// Its holder's name.
    pub name: String,
    /// An operator of the appliance.
    pub operator: bool,
}

impl AccountSummary {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            id: account.id,
            email: account.email.clone(),
            name: account.name.clone(),
            operator: account.operator,
        }
    }
}

/// What is missing before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// The account has none, and one is required.
    Enrolment,
    /// The account has one, and this session did not show it.
    Proof,
    /// Nothing of the factor: the password is older than is allowed, and must be changed first.
    Password,
}

/// How a caller is known.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Not at all.
    Anonymous,
    /// A person in a browser.
    Person {
        /// Their account.
        account: AccountSummary,
        /// Their session.
        session: SessionId,
        /// Until when they may do what needs a fresh proof that it is them.
        elevated_until: Timestamp,
    },
    /// A person, or a program in their name, of whom a second factor is asked first. Nothing is open to them but to show
    /// or set up one.
    Held {
        /// Their account.
        account: AccountSummary,
        /// Their session; a program has none.
        session: Option<SessionId>,
        /// What is asked.
        lacks: Lacks,
        /// Until when their proof that it is them is fresh; long ago for a program.
        elevated_until: Timestamp,
    },
    /// A program with an API token.
    Token {
        /// The account that made the token.
        account: AccountSummary,
        /// The token.
        token: TokenId,
        /// The one organization that it reaches.
        organization: OrganizationId,
        /// What of the account's rights it carries.
        scope: TokenScope,
        /// What is taken away from it besides.
        narrowing: access::Narrowing,
    },
    /// The command line on the host.
    Host,
    /// The platform itself.
    System,
}

/// Who asks, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// How they are known.
    pub identity: Identity,
    /// From where.
    pub origin: Origin,
    /// The grant by which an operator is in an organization; [`crate::Platform::enter`] finds it.
    pub grant: Option<types::GrantId>,
}

impl Caller {
    /// Nobody that is known.
    #[must_use]
    pub fn anonymous(origin: Origin) -> Self {
        Self {
            identity: Identity::Anonymous,
            origin,
            grant: None,
        }
    }

    /// The command line on the host.
    #[must_use]
    pub fn host() -> Self {
        let origin = Origin {
            device: Some("command line".into()),
            ..Origin::default()
        };
        Self {
            identity: Identity::Host,
            origin,
            grant: None,
        }
    }

    /// The platform itself: jobs and checks.
    #[must_use]
    pub fn system() -> Self {
        Self {
            identity: Identity::System,
            origin: Origin::default(),
            grant: None,
        }
    }

    /// The account, if there is one that may act. Whoever is held may not.
    #[must_use]
    pub fn account(&self) -> Option<&AccountSummary> {
        match &self.identity {
            Identity::Person { account, .. } | Identity::Token { account, .. } => Some(account),
            Identity::Anonymous | Identity::Held { .. } | Identity::Host | Identity::System => None,
        }
    }

    /// The account that acts.
    ///
    /// # Errors
    /// `not-signed-in`; `factor-required` for whoever is held.
    pub(crate) fn acting(&self) -> Result<&AccountSummary> {
        match (self.account(), self.lacks()) {
            (Some(account), _) => Ok(account),
            (None, Some(lacks)) => Err(crate::factor::held(lacks)),
            (None, None) => Err(access::Denial::NotSignedIn.into()),
        }
    }

    /// Whose session it is, though they may be held.
    #[must_use]
    pub fn holder(&self) -> Option<(&AccountSummary, SessionId)> {
        match &self.identity {
            Identity::Person { account, session, .. } => Some((account, *session)),
            Identity::Held { account, session, .. } => session.map(|session| (account, session)),
            Identity::Anonymous | Identity::Token { .. } | Identity::Host | Identity::System => None,
        }
    }

    /// What they are held for.
    #[must_use]
    pub fn lacks(&self) -> Option<Lacks> {
        match &self.identity {
            Identity::Held { lacks, .. } => Some(*lacks),
            Identity::Anonymous
            | Identity::Person { .. }
            | Identity::Token { .. }
            | Identity::Host
            | Identity::System => None,
        }
    }

    /// The account as the author of a change; the platform and the host are the nil id.
    #[must_use]
    pub fn author(&self) -> AccountId {
        self.account()
            .map_or(AccountId(uuid::Uuid::nil()), |account| account.id)
    }
}
