//! Clients of providers, made once for each state of the settings, and the way to ask one without holding up anything else.
//!
//! Invariant: providers are asked on the blocking threads, [`ASKED_MAX`] at once; who finds no place soon is told so. So a
//! provider that hangs takes these places and nothing else.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing,
};
use jiff::Timestamp;
use openid::{Client, OpenIdError};
use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::control::openid::Provider as Row;
use tokio::sync::Semaphore;
use types::{ProblemCode, SourceId};
use vault::{Purpose, SecretText, seal};

/// Most providers that are asked at once.
const ASKED_MAX: usize = 8;
/// Longest wait for a place.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The clients of this process.
pub(crate) struct Clients {
    made: Mutex<HashMap<SourceId, (Timestamp, Arc<Client>)>>,
    places: Arc<Semaphore>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self {
            made: Mutex::default(),
            places: Arc::new(Semaphore::new(ASKED_MAX)),
        }
    }
}

/// Where a provider's secret is sealed to.
fn place_of(id: SourceId) -> Vec<u8> {
    [b"openid-provider:".as_slice(), &id.bytes()].concat()
}

/// Seals our secret at a provider.
pub(super) fn seal_secret(platform: &Platform, id: SourceId, secret: &SecretText) -> Result<Vec<u8>> {
    let key = platform.appliance_keys().current(Purpose::DatabaseCredential);
    seal::seal(key, &place_of(id), secret.expose().as_bytes()).map_err(vault_failure)
}

fn open_secret(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let Some(sealed) = &row.secret else {
        return Ok(None);
    };
    let keys = platform.appliance_keys();
    let opened = seal::open(keys, Purpose::DatabaseCredential, &place_of(row.id), sealed);
    let text = String::from_utf8(opened.map_err(vault_failure)?.to_vec()).map_err(vault_failure)?;
    Ok(Some(SecretText::new(text)))
}

/// The client for the settings as they are now.
pub(crate) fn client_of(platform: &Platform, row: &Row) -> Result<Arc<Client>> {
    let clients = platform.clients();
    let lock = || clients.made.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((changed_at, client)) = lock().get(&row.id)
        && *changed_at == row.changed_at
    {
        return Ok(Arc::clone(client));
    }
    let settings: super::ProviderSettings =
        serde_json::from_value(row.settings.clone()).map_err(vault_failure)?;
    let provider = settings.provider(&row.issuer, open_secret(platform, row)?)?;
    let client = Client::reaching(provider, outgoing::reach(platform))
        .map_err(|error| PlatformError::invalid_at("/authority_pem", "malformed", words(&error)))?;
    let client = Arc::new(client);
    lock().insert(row.id, (row.changed_at, Arc::clone(&client)));
    Ok(client)
}

/// Asks a provider off the request loop.
pub(crate) async fn ask<T: Send + 'static>(
    platform: &Platform,
    client: Arc<Client>,
    question: impl FnOnce(&Client) -> T + Send + 'static,
) -> Result<T> {
    let places = Arc::clone(&platform.clients().places);
    let Ok(Ok(place)) = tokio::time::timeout(WAIT_MAX, places.acquire_owned()).await else {
        let text = "too many sign-ins wait for their provider; sign in another way or try again in a minute";
        return Err(PlatformError::new(ProblemCode::Unavailable, text));
    };
    let task = tokio::task::spawn_blocking(move || {
        let _place = place;
        question(&client)
    });
    task.await
        .map_err(|error| PlatformError::invariant(error.to_string()))
}

/// An error with everything beneath it.
pub(crate) fn words(error: &OpenIdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
