//! OpenID providers: at the door, on the account page, and as operators set them.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment};
use askama::Template;

/// A way in at the door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoorLink {
    /// The provider's name in addresses.
    pub key: String,
    /// Where the link leads.
    pub href: String,
    /// What people call the provider.
    pub label: String,
}

/// A provider by which the account is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityRow {
    /// The provider's name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Since when.
    pub since: Moment,
}

/// After the password was right: the link to the provider.
#[derive(Debug, Clone, Template)]
#[template(path = "tie_go.html")]
pub struct TieGoPage {
    /// The frame.
    pub chrome: Chrome,
    /// What people call the provider.
    pub label: String,
    /// The provider's address.
    pub url: String,
}

/// `/appliance/providers`: posts a new one to itself.
#[derive(Debug, Clone, Template)]
#[template(path = "providers.html")]
pub struct ProvidersPage {
    /// The frame.
    pub chrome: Chrome,
    /// Every provider.
    pub providers: Vec<ProviderRow>,
    /// Inputs of a new one.
    pub fields: Vec<FieldInput>,
    /// Whether the form is open.
    pub create_open: bool,
    /// What a test of what is not saved saw; empty where none was run.
    pub stages: Vec<StageRow>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
}

/// A provider in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRow {
    /// Its name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Its issuer.
    pub issuer: String,
    /// Open or closed.
    pub state: Badge,
    /// How many accounts are known by it.
    pub people: i64,
}

/// `/appliance/providers/{key}`: posts to itself and to `/test`, `/state`, `/remove`, `/newcomers` below.
#[derive(Debug, Clone, Template)]
#[template(path = "provider.html")]
pub struct ProviderPage {
    /// The frame.
    pub chrome: Chrome,
    /// Its name in addresses.
    pub key: String,
    /// Its issuer.
    pub issuer: String,
    /// The address to allow there.
    pub redirect_uri: String,
    /// Where it may say who has left.
    pub logout_uri: String,
    /// Open or closed.
    pub state: Badge,
    /// Whether it is open.
    pub open: bool,
    /// How many accounts are known by it.
    pub people: i64,
    /// What the test saw; empty where none was run.
    pub stages: Vec<StageRow>,
    /// Inputs of its settings.
    pub fields: Vec<FieldInput>,
    /// Why the last try was refused.
    pub failure: Option<ErrorSummary>,
    /// Who waits to be let in.
    pub newcomers: Vec<NewcomerRow>,
}

/// A stage of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRow {
    /// What was tried.
    pub name: String,
    /// How it ended.
    pub verdict: Badge,
    /// What was seen.
    pub detail: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// Somebody who waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewcomerRow {
    /// Who, at the provider.
    pub subject: String,
    /// What the provider calls them.
    pub name: String,
    /// Their address, as the provider says.
    pub email: String,
    /// Since when.
    pub asked: Moment,
}
