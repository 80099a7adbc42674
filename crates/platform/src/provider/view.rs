//! What operators give and see of a provider, and what everybody sees of it. Our secret there goes in and never comes out.

use super::{ProviderSettings, ProviderState, logout_uri, redirect_uri};
use crate::{Platform, act::vault_failure, error::Result};
use jiff::Timestamp;
use store::control::openid::Provider as Row;
use vault::SecretText;

/// A provider to be added.
#[derive(Debug)]
pub struct NewProvider {
    /// Its name in addresses: small letters, digits and hyphens.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Its issuer.
    pub issuer: String,
    /// The rest.
    pub settings: ProviderSettings,
    /// Our secret there.
    pub secret: Option<SecretText>,
}

/// What is to be different about a provider.
#[derive(Debug, Default)]
pub struct ProviderChange {
    /// Another label.
    pub label: Option<String>,
    /// Opened or closed.
    pub state: Option<ProviderState>,
    /// Other settings, all of them.
    pub settings: Option<ProviderSettings>,
    /// Another secret.
    pub secret: Option<SecretText>,
}

impl ProviderChange {
    /// What an entry says of the change: which parts, never their values.
    pub(super) fn told(&self) -> String {
        let parts = [
            self.label.is_some().then_some("label"),
            self.state.map(ProviderState::as_str),
            self.settings.is_some().then_some("settings"),
            self.secret.is_some().then_some("secret"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A provider, as operators see it.
#[derive(Debug, Clone)]
pub struct ProviderView {
    /// Its name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whether people may come in by it.
    pub state: ProviderState,
    /// Its issuer.
    pub issuer: String,
    /// The address to allow there, the only one that it may send browsers back to.
    pub redirect_uri: String,
    /// The address to which it may say who has left (OpenID Connect Back-Channel Logout 1.0).
    pub logout_uri: String,
    /// The rest of its settings.
    pub settings: ProviderSettings,
    /// Do we have a secret there?
    pub has_secret: bool,
    /// How many accounts it is known for.
    pub people: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A way in, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The provider's name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
}

/// A row as it is shown.
pub(super) fn view(platform: &Platform, row: Row, people: i64) -> Result<ProviderView> {
    let settings = serde_json::from_value(row.settings).map_err(vault_failure)?;
    Ok(ProviderView {
        redirect_uri: redirect_uri(platform, &row.key),
        logout_uri: logout_uri(platform, &row.key),
        key: row.key,
        label: row.label,
        state: row.state,
        issuer: row.issuer,
        settings,
        has_secret: row.secret.is_some(),
        people,
        created_at: row.created_at,
        changed_at: row.changed_at,
    })
}
