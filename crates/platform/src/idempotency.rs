//! Idempotency keys: an unsafe request that is sent again gets the answer of the first, and is not carried out twice.
//!
//! Invariant: the scope names the caller, and the token that they come by, so nobody reads another's answer, nor a token what the person
//! or another token was told; answers are sealed at rest.

use crate::{
    Caller, Platform,
    act::vault_failure,
    caller::Identity,
    error::{PlatformError, Result},
};
use openssl::sha::Sha256;
use store::control::idempotency as rows;
use types::{OrganizationId, ProblemCode};
use vault::{Purpose, seal};

/// Longest key.
pub const KEY_MAX: usize = 255;

/// A request that is to be carried out; its answer is kept under it.
#[derive(Debug)]
pub struct Ticket {
    scope: [u8; 32],
}

/// What is known of a request.
#[must_use]
#[derive(Debug)]
pub enum Begun {
    /// Nothing: carry it out, then [`finish`] or [`abandon`].
    Fresh(Ticket),
    /// It was carried out; this is its answer.
    Replay(Vec<u8>),
}

/// Claims a key for a request, into an organization where it is into one, or finds the answer of the first.
///
/// # Errors
/// `idempotency-key-reused`, `idempotency-key-in-use`, `invalid` for a key of another shape, `not-signed-in`; `conflict` where the
/// answer went with what was erased, or the first request has none after two hours.
pub async fn begin(
    platform: &Platform,
    caller: &Caller,
    organization: Option<OrganizationId>,
    route: &str,
    key: &str,
    request_hash: [u8; 32],
) -> Result<Begun> {
    let account = caller.account().ok_or(access::Denial::NotSignedIn)?.id;
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("1 to {KEY_MAX} printable ASCII characters without blanks");
        return Err(PlatformError::invalid_at("Idempotency-Key", "malformed", message));
    }
    let by = match &caller.identity {
        Identity::Token { token, .. } => token.bytes().to_vec(),
        _ => Vec::new(),
    };
    let scope = scope_of(&account.bytes(), &by, route, key);
    let mut keep = platform.control().keep().await?;
    match rows::begin(&mut keep, scope, request_hash, organization, platform.now()).await? {
        rows::Begun::Fresh => Ok(Begun::Fresh(Ticket { scope })),
        rows::Begun::Running => {
            let detail = "the first request with this key is still running; wait and send it again";
            Err(PlatformError::new(ProblemCode::IdempotencyRunning, detail))
        }
        rows::Begun::Lost => {
            let detail = "the first request with this key has had no answer for two hours, as when the appliance was stopped in the middle of it; \
                          look whether it was carried out, and choose a new key";
            Err(PlatformError::new(ProblemCode::Conflict, detail))
        }
        rows::Begun::Mismatch => {
            let detail = "this key was used with another request; choose a new key for a new request";
            Err(PlatformError::new(ProblemCode::IdempotencyMismatch, detail))
        }
        rows::Begun::Erased => {
            let detail = "the request was carried out, and its answer was erased with a person's data since; look at what it made";
            Err(PlatformError::new(ProblemCode::Conflict, detail))
        }
        rows::Begun::Done(sealed) => {
            let opened = seal::open(platform.appliance_keys(), Purpose::Attachments, &scope, &sealed);
            Ok(Begun::Replay(opened.map_err(vault_failure)?.to_vec()))
        }
    }
}

fn scope_of(account: &[u8], token: &[u8], route: &str, key: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [account, token, route.as_bytes(), key.as_bytes()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finish()
}

/// Keeps the answer, sealed, for 24 hours.
///
/// # Errors
/// `unavailable`.
pub async fn finish(platform: &Platform, ticket: Ticket, response: &[u8]) -> Result<()> {
    let key = platform.appliance_keys().current(Purpose::Attachments);
    let sealed = seal::seal(key, &ticket.scope, response).map_err(vault_failure)?;
    Ok(rows::finish(&mut platform.control().keep().await?, ticket.scope, &sealed).await?)
}

/// Gives the key free again: the request was not carried out.
///
/// # Errors
/// `unavailable`.
pub async fn abandon(platform: &Platform, ticket: Ticket) -> Result<()> {
    Ok(rows::abandon(&mut platform.control().keep().await?, ticket.scope).await?)
}

/// Takes the answers that are kept of an organization's requests: one may show what was erased.
pub(crate) async fn erase(platform: &Platform, organization: OrganizationId) -> Result<usize> {
    Ok(rows::erase(&mut platform.control().keep().await?, organization).await?)
}
