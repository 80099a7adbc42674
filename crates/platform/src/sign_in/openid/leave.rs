//! Somebody has left at a provider, which says so to us and not to their browser (OpenID Connect Back-Channel Logout 1.0).
//!
//! Invariants: a token counts once, and that it was taken is written down with what it ended; it ends the sessions of the account that
//! the provider's subject is tied to, and of nobody else. What was wrong with one is told to the journal alone.

use super::{client_of, open_provider};
use crate::{
    Platform,
    act::{Act, Object},
    caller::{Caller, Origin},
    error::{PlatformError, Result},
    provider::{ask, source_of, words},
};
use openid::{Leave, OpenIdError};
use openssl::sha::sha256;
use store::control::{
    identity,
    openid::{self as rows, Provider as Row},
    pending_sign_in, session,
};
use types::{AccountId, ProblemCode};

/// Ends every session of whoever has left at a provider, by the logout token that it sent, with what runs in their names: the provider does not
/// say whether they went or were put out. Answers whose; none where nobody here is tied to them.
///
/// # Errors
/// `not-found` for a provider that is not open; `invalid` for a token that is not to be trusted or came before; `unavailable` when the
/// provider cannot be asked for its keys.
pub async fn leave(
    platform: &Platform,
    origin: Origin,
    key: &str,
    logout_token: String,
) -> Result<Option<AccountId>> {
    let row = open_provider(platform, key).await?;
    let (client, now) = (client_of(platform, &row)?, platform.now());
    let said = ask(platform, client, move |client| client.leave(&logout_token, now)).await?;
    let said = said.map_err(|error| told(&row, &error))?;
    let mut tx = platform.control().begin().await?;
    if !rows::take_answer(&mut tx, &digest_of(&row, &said), now).await? {
        return Err(distrusted());
    }
    let found = identity::find_account(&mut tx, source_of(row.id), &said.subject).await?;
    let (object, reason) = match &found {
        Some(account) => {
            pending_sign_in::end_all_of(&mut tx, account.id).await?;
            let ended = session::end_all_of(&mut tx, account.id, now).await?;
            let reason = format!("{ended} sessions, because they have left at {key}");
            (Object::new("account", account.id), reason)
        }
        None => {
            let reason = format!("nobody here is who has left at {key}");
            (Object::unknown("account"), reason)
        }
    };
    let act = Act::access("session.leave", object).because(&reason);
    let entry = platform.entry(&Caller::anonymous(origin), None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(found.map(|account| account.id))
}

/// Under which a token is marked as taken, beside the answers of browsers. As old as those, it would not be accepted any more.
fn digest_of(row: &Row, said: &Leave) -> [u8; 32] {
    sha256(&[b"logout:".as_slice(), &row.id.bytes(), said.token_id.as_bytes()].concat())
}

fn distrusted() -> PlatformError {
    let text = "the logout token is not to be trusted, or came before; nobody's session was ended";
    PlatformError::invalid_at("/logout_token", "distrusted", text)
}

fn told(row: &Row, error: &OpenIdError) -> PlatformError {
    tracing::warn!(
        openid.provider = row.key,
        error = words(error),
        "a logout token of a provider was not taken"
    );
    match error {
        OpenIdError::Wire(_) | OpenIdError::Discovery(_) | OpenIdError::Keys(_) => {
            let text = "the provider cannot be asked for its keys at the moment; send it again";
            PlatformError::new(ProblemCode::Unavailable, text)
        }
        _ => distrusted(),
    }
}
