//! A directory as it is stored: its settings, its secret, and how it may be reached now.

use crate::{Platform, act::vault_failure, error::Result, outgoing, provider::FirstSignIn, source::secret};
use directory::{Settings, settings::Reach};
use jiff::Timestamp;
use store::control::{
    directory::Directory as Row,
    identity::{Source, SourceKind},
};
use types::SourceId;
use vault::SecretText;

/// The source that a directory is.
pub(crate) fn source_of(id: SourceId) -> Source {
    Source {
        kind: SourceKind::Directory,
        id,
    }
}

/// Where a directory's secret is sealed to.
fn place_of(id: SourceId) -> Vec<u8> {
    [b"directory:".as_slice(), &id.bytes()].concat()
}

/// Seals the service account's password.
pub(super) fn seal_secret(platform: &Platform, id: SourceId, given: &SecretText) -> Result<Vec<u8>> {
    secret::seal(platform, &place_of(id), given)
}

/// The service account's password, where there is one.
pub(crate) fn open_secret(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let sealed = row.secret.as_deref();
    sealed
        .map(|sealed| secret::open(platform, &place_of(row.id), sealed))
        .transpose()
}

/// The settings as they are stored, to look at or to change.
pub(crate) fn settings_of(row: &Row) -> Result<Settings> {
    serde_json::from_value(row.settings.clone()).map_err(vault_failure)
}

/// The stored settings to connect with.
pub(crate) fn reachable_settings(platform: &Platform, row: &Row) -> Result<Settings> {
    Ok(reachable(platform, settings_of(row)?))
}

/// Settings to connect with: each server at the addresses that root looked up, or not at all where no setting names it.
/// What is on this machine is no outgoing connection.
pub(super) fn reachable(platform: &Platform, mut settings: Settings) -> Settings {
    let ports: Vec<u16> = settings
        .servers
        .iter()
        .map(|server| settings.port_of(server))
        .collect();
    for (server, port) in settings.servers.iter_mut().zip(ports) {
        server.reach = match server.host.as_str() {
            "localhost" | "127.0.0.1" | "::1" => Reach::Lookup,
            host => match outgoing::addresses(platform, host, port) {
                Ok(addresses) => Reach::At(addresses),
                Err(error) => Reach::Closed(error.detail),
            },
        };
    }
    settings
}

pub(crate) fn first_sign_in_of(row: &Row) -> FirstSignIn {
    match row.first_sign_in.as_str() {
        "create" => FirstSignIn::Create,
        "wait" => FirstSignIn::Wait,
        _ => FirstSignIn::Refuse,
    }
}

/// Was the last whole look at a directory at this time or later?
pub(crate) fn is_synced_since(row: &Row, since: Timestamp) -> bool {
    let outcome = row
        .last_sync
        .clone()
        .and_then(|value| serde_json::from_value::<super::sync::Outcome>(value).ok());
    outcome.is_some_and(|outcome| outcome.at >= since)
}
