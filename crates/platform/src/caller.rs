//! Who asks, and from where. The faces make a caller out of a session, a token or the command line; everything that
//! is audited names it.

use access::TokenScope;
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

    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<&AccountSummary> {
        match &self.identity {
            Identity::Person { account, .. } | Identity::Token { account, .. } => Some(account),
            Identity::Anonymous | Identity::Host | Identity::System => None,
        }
    }

    /// The account as the author of a change; the platform and the host are the nil id.
    #[must_use]
    pub fn author(&self) -> AccountId {
        self.account()
            .map_or(AccountId(uuid::Uuid::nil()), |account| account.id)
    }
}
