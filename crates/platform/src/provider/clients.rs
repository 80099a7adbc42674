//! Clients of providers, made once for each state of the settings, and the way to ask one without holding up anything else.
//!
//! Invariant: providers are asked on the blocking threads, [`ASKED_MAX`] at once; who finds no place soon is told so. So a
//! provider that hangs takes these places and nothing else.

use super::ProviderSettings;
use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    outgoing,
    source::secret,
};
use jiff::Timestamp;
use openid::{Client, OpenIdError, Provider};
use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::control::openid::Provider as Row;
use tokio::sync::Semaphore;
use types::{ProblemCode, SourceId};
use vault::SecretText;

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
pub(super) fn seal_secret(platform: &Platform, id: SourceId, given: &SecretText) -> Result<Vec<u8>> {
    secret::seal(platform, &place_of(id), given)
}

fn open_secret(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let sealed = row.secret.as_deref();
    sealed
        .map(|sealed| secret::open(platform, &place_of(row.id), sealed))
        .transpose()
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
    let settings: ProviderSettings = serde_json::from_value(row.settings.clone()).map_err(vault_failure)?;
    let client = made(
        platform,
        settings.provider(&row.issuer, open_secret(platform, row)?)?,
    )?;
    lock().insert(row.id, (row.changed_at, Arc::clone(&client)));
    Ok(client)
}

/// A client for settings that are not saved, without our secret. It reaches no more than one that is.
pub(super) fn client_of_draft(
    platform: &Platform,
    issuer: &str,
    settings: &ProviderSettings,
) -> Result<Arc<Client>> {
    made(platform, settings.provider(issuer, None)?)
}

fn made(platform: &Platform, provider: Provider) -> Result<Arc<Client>> {
    let client = Client::reaching(provider, outgoing::reach(platform))
        .map_err(|error| PlatformError::invalid_at("/authority_pem", "malformed", words(&error)))?;
    Ok(Arc::new(client))
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
