//! A directory as it is stored: its settings, its secret, and how it may be reached now.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing,
    provider::FirstSignIn,
    source::secret,
    workspace::random,
};
use directory::{
    Settings,
    client::{self, ClientKey},
    service::order,
    settings::{Reach, Server, ServiceProof},
};
use host::outgoing::KeptPlace;
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use store::control::{
    directory::Directory as Row,
    identity::{Source, SourceKind},
};
use types::{ServiceName, SourceId};
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
pub(super) fn open_secret(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let sealed = row.secret.as_deref();
    sealed
        .map(|sealed| secret::open(platform, &place_of(row.id), sealed))
        .transpose()
}

/// What the service account is bound with: its password, nothing where its certificate does it, none where it cannot be bound.
pub(crate) fn bind_secret(platform: &Platform, row: &Row, settings: &Settings) -> Result<Option<SecretText>> {
    match settings.service_proof {
        ServiceProof::Password => open_secret(platform, row),
        ServiceProof::Certificate => Ok(Some(nothing())),
    }
}

/// In the place of a password that is not needed.
pub(super) fn nothing() -> SecretText {
    SecretText::new(String::new())
}

/// Where the key of a directory's client certificate is sealed to.
fn key_place_of(id: SourceId) -> Vec<u8> {
    [b"directory-key:".as_slice(), &id.bytes()].concat()
}

/// Seals the key of a client certificate, which must be of the settings' certificate.
pub(super) fn seal_key(
    platform: &Platform,
    id: SourceId,
    settings: &Settings,
    given: &SecretText,
) -> Result<Vec<u8>> {
    check_key(settings, given)?;
    secret::seal_checked(platform, &key_place_of(id), given.expose())
}

/// Looks whether a key is of the settings' certificate.
pub(super) fn check_key(settings: &Settings, given: &SecretText) -> Result<()> {
    let malformed = |text: String| PlatformError::invalid_at("/client_key", "malformed", text);
    let Some(certificate) = &settings.client_certificate else {
        let text = "a key belongs to a certificate; set both, or neither";
        return Err(malformed(text.to_owned()));
    };
    let key = client_key(given);
    client::check_key(certificate, &key).map_err(|failure| malformed(failure.to_string()))
}

pub(super) fn client_key(given: &SecretText) -> ClientKey {
    ClientKey::new(SecretText::new(given.expose().to_owned()))
}

/// The key of the client certificate, where there is one.
pub(super) fn open_key(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let sealed = row.client_key.as_deref();
    sealed
        .map(|sealed| secret::open(platform, &key_place_of(row.id), sealed))
        .transpose()
}

/// The settings as they are stored, to look at or to change.
pub(crate) fn settings_of(row: &Row) -> Result<Settings> {
    serde_json::from_value(row.settings.clone()).map_err(vault_failure)
}

/// The stored settings to connect with.
pub(crate) fn reachable_settings(platform: &Platform, row: &Row) -> Result<Settings> {
    let client_key = open_key(platform, row)?.map(ClientKey::new);
    let settings = Settings {
        client_key,
        ..settings_of(row)?
    };
    Ok(reachable(platform, settings))
}

/// Settings to connect with: each server at the addresses that root looked up, or not at all where no setting names it.
/// What is on this machine is no outgoing connection.
/// In the place of a service stand the hosts that root found under its name, in an order of chance as their weights say.
pub(super) fn reachable(platform: &Platform, settings: Settings) -> Settings {
    let found = settings.servers.iter().flat_map(|server| match server.service() {
        Some(service) => listed(platform, server, &service),
        None => vec![reached(platform, server, settings.port_of(server))],
    });
    let servers = found.collect();
    Settings { servers, ..settings }
}

fn reached(platform: &Platform, server: &Server, port: u16) -> Server {
    let reach = match server.host.as_str() {
        "localhost" | "127.0.0.1" | "::1" => Reach::Lookup,
        host => match outgoing::addresses(platform, host, port) {
            Ok(addresses) => Reach::At(addresses),
            Err(error) => Reach::Closed(error.detail),
        },
    };
    Server {
        reach,
        ..server.clone()
    }
}

/// The servers of a service. Their certificates are checked against their own names, each of which is of the domain that an
/// administrator typed (ADR 52).
fn listed(platform: &Platform, server: &Server, service: &ServiceName) -> Vec<Server> {
    let closed = |why: String| Server {
        reach: Reach::Closed(why),
        ..server.clone()
    };
    let places = match outgoing::places(platform, service) {
        Ok(places) => places,
        Err(error) => return vec![closed(error.detail)],
    };
    let rank = |place: &KeptPlace| (place.priority, place.weight);
    order(places, rank, chance)
        .into_iter()
        .map(|KeptPlace { target, .. }| {
            let at = |address: &IpAddr| SocketAddr::new(*address, target.port);
            let addresses = target.addresses.iter().map(at).collect();
            Server {
                reach: match service.covers(&target.host) {
                    true => Reach::Listed(service.to_string(), addresses),
                    false => Reach::Closed(format!("it is no host below {}", service.domain())),
                },
                host: target.host,
                port: target.port,
            }
        })
        .collect()
}

/// A number from 0 to `most`. Which server is asked first is no secret; without a source of chance it is the first one.
fn chance(most: u32) -> u32 {
    let drawn = random().map_or(0, u32::from_be_bytes);
    u32::try_from((u64::from(drawn) * (u64::from(most) + 1)) >> 32).unwrap_or(0)
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
