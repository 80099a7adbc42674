//! What operators give and see of a directory. The service account's password goes in and never comes out.

use super::{
    DirectoryState,
    settings::Settings,
    stored::{first_sign_in_of, settings_of},
    sync,
};
use crate::{act::vault_failure, error::Result, provider::FirstSignIn};
use store::control::directory::Directory as Row;
use vault::SecretText;

/// A directory to be added.
#[derive(Debug)]
pub struct NewDirectory {
    /// Its name in commands: small letters, digits and hyphens.
    pub key: String,
    /// How it is reached and read.
    pub settings: Settings,
    /// The service account's password.
    pub secret: Option<SecretText>,
    /// The key of the settings' client certificate.
    pub client_key: Option<SecretText>,
    /// What becomes of newcomers.
    pub first_sign_in: FirstSignIn,
}

/// What is to be different about a directory.
#[derive(Debug, Default)]
pub struct DirectoryChange {
    /// Opened or closed.
    pub state: Option<DirectoryState>,
    /// Other settings, all of them.
    pub settings: Option<Settings>,
    /// Another password of the service account.
    pub secret: Option<SecretText>,
    /// Another key of the client certificate.
    pub client_key: Option<SecretText>,
    /// Something else for newcomers.
    pub first_sign_in: Option<FirstSignIn>,
}

impl DirectoryChange {
    /// What an entry says of the change: which parts, never their values.
    pub(super) fn told(&self) -> String {
        let parts = [
            self.state.map(DirectoryState::as_str),
            self.settings.is_some().then_some("settings"),
            self.secret.is_some().then_some("secret"),
            self.client_key.is_some().then_some("client key"),
            self.first_sign_in.map(FirstSignIn::as_str),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A directory, as operators see it.
#[derive(Debug, Clone)]
pub struct DirectoryView {
    /// Its name in commands.
    pub key: String,
    /// Whether its people may sign in.
    pub state: DirectoryState,
    /// How it is reached and read.
    pub settings: Settings,
    /// Is the service account's password here?
    pub has_secret: bool,
    /// Is the key of the client certificate here?
    pub has_client_key: bool,
    /// What becomes of newcomers.
    pub first_sign_in: FirstSignIn,
    /// How many accounts it is known for.
    pub people: i64,
    /// What came of the last sync, if there was one.
    pub last_sync: Option<sync::Outcome>,
}

/// A row as it is shown.
pub(super) fn view(row: Row, people: i64) -> Result<DirectoryView> {
    let last_sync = row
        .last_sync
        .clone()
        .map(serde_json::from_value)
        .transpose()
        .map_err(vault_failure)?;
    Ok(DirectoryView {
        settings: settings_of(&row)?,
        first_sign_in: first_sign_in_of(&row),
        has_secret: row.secret.is_some(),
        has_client_key: row.client_key.is_some(),
        key: row.key,
        state: row.state,
        people,
        last_sync,
    })
}
