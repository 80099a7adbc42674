//! Everybody who has an account.

use super::{Badge, Chrome, Moment};
use askama::Template;

/// `/appliance/accounts`: posts to `.../{id}/disable` and `/enable`.
#[derive(Debug, Clone, Template)]
#[template(path = "accounts.html")]
pub struct AccountsPage {
    /// The frame.
    pub chrome: Chrome,
    /// One page of accounts, the oldest first.
    pub accounts: Vec<AccountRow>,
    /// Where the next page is, if there may be one.
    pub next: Option<String>,
}

/// An account in the list.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Its id.
    pub id: String,
    /// Its address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Whether it may be used.
    pub state: Badge,
    /// An operator disabled it.
    pub is_disabled: bool,
    /// The reader's.
    pub is_own: bool,
    /// Looks after the appliance.
    pub operator: bool,
    /// When it was made.
    pub made: Moment,
}
