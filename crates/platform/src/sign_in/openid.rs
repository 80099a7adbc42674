//! The door for whoever comes from an OpenID provider.
//!
//! Invariants: an answer counts for the browser that asked, at the provider that it asked, once, for [`MINUTES`] minutes. An
//! account is found by (provider, subject) and by nothing else. What went wrong is told to the journal; the person hears
//! that it did. Start at [`begin`] and [`finish`].

mod leave;
mod newcomer;
mod pending;

use super::{Admission, Door, Proven, admit, note_refusal};
use crate::{
    Platform,
    caller::{Caller, Identity, Origin},
    error::{PlatformError, Result},
    identity::{again, tie_in},
    provider::{ProviderSettings, ask, client_of, redirect_uri, source_of, words},
    session::require_fresh,
};
use jiff::{SignedDuration, Timestamp};
use openid::{Answer, OpenIdError, Person};
use pending::Pending;
use store::control::{
    account::AccountState,
    identity,
    openid::{self as rows, Provider as Row, ProviderState},
    session::PassedFactor,
};
use types::{ProblemCode, SessionId};
use vault::SecretText;

pub use leave::leave;
pub use pending::MINUTES;

/// Longest `next` that is taken along.
const NEXT_BYTES_MAX: usize = 500;

/// Where the browser goes, and what it keeps meanwhile.
#[derive(Debug)]
pub struct Begun {
    /// The provider's address.
    pub url: String,
    /// Sealed; for a cookie that lives for [`MINUTES`] minutes.
    pub cookie: SecretText,
}

/// What a return from a provider has led to.
#[derive(Debug)]
pub enum Return {
    /// As every sign-in; then to this path, which the browser named when it began.
    Admitted(Box<Admission>, String),
    /// The account that was signed in is tied to the person there.
    Tied,
    /// The person waits for an operator.
    Waits,
}

/// Begins a sign-in.
///
/// # Errors
/// `not-found` for a provider that is not open; `unavailable` when it cannot be asked.
pub async fn begin(platform: &Platform, key: &str, next: &str) -> Result<Begun> {
    let next = if next.len() <= NEXT_BYTES_MAX { next } else { "" };
    start(platform, key, next, None).await
}

/// Begins to tie the caller's account to whoever they are at the provider: one more way in, so that the password is not enough where there
/// is a second factor.
///
/// # Errors
/// As [`begin`], and as the password's check; `proof-required`.
pub async fn begin_tie(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    password: SecretText,
) -> Result<Begun> {
    require_fresh(platform, caller)?;
    let (_, session) = again(platform, caller, password).await?;
    start(platform, key, "", Some(session)).await
}

async fn start(platform: &Platform, key: &str, next: &str, tie_to: Option<SessionId>) -> Result<Begun> {
    let row = open_provider(platform, key).await?;
    let (client, back, now) = (
        client_of(platform, &row)?,
        redirect_uri(platform, key),
        platform.now(),
    );
    let begun = ask(platform, client, move |client| client.begin(&back, now)).await?;
    let begun = begun.map_err(|error| told(&row, &error))?;
    let pending = Pending::new(&row, begun.flow, next, tie_to, now);
    Ok(Begun {
        url: begun.url,
        cookie: pending.seal(platform)?,
    })
}

async fn open_provider(platform: &Platform, key: &str) -> Result<Row> {
    let found = rows::find(&mut platform.control().read().await?, key).await?;
    let open = found.filter(|row| row.state == ProviderState::Active);
    open.ok_or_else(|| PlatformError::not_found("provider"))
}

/// Takes what a browser brings back from a provider. `answer` are the parts of the address.
///
/// # Errors
/// `not-signed-in` for whatever is not to be trusted, and for who is not known; `unavailable` when the provider cannot be
/// asked; `conflict` when an identity cannot be tied.
pub async fn finish(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    cookie: Option<&str>,
    answer: &[(String, String)],
) -> Result<Return> {
    let returned = take(platform, caller, key, cookie, answer).await;
    if let Err(error) = &returned
        && error.code == ProblemCode::NotSignedIn
    {
        note_refusal(platform, caller.origin.clone()).await?;
    }
    returned
}

/// Forgets answers whose sign-in would be too old by now.
pub(crate) async fn forget(keep: &mut store::control::ControlKeep, now: Timestamp) -> Result<()> {
    let before = now
        .checked_sub(SignedDuration::from_mins(2 * MINUTES))
        .unwrap_or(now);
    rows::forget_answers(keep, before).await?;
    Ok(())
}

async fn take(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    cookie: Option<&str>,
    answer: &[(String, String)],
) -> Result<Return> {
    let row = open_provider(platform, key).await?;
    let pending = cookie.and_then(|cookie| Pending::open(platform, cookie));
    let now = platform.now();
    let pending = pending
        .filter(|pending| pending.is_for(&row, now))
        .ok_or_else(late)?;
    let pairs = answer.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let answer = Answer::read(pairs).map_err(|error| {
        tracing::warn!(openid.provider = key, error = %error, "an answer of a provider cannot be read");
        distrusted(&row)
    })?;
    let (client, back, flow) = (
        client_of(platform, &row)?,
        redirect_uri(platform, key),
        pending.flow.clone(),
    );
    let person = ask(platform, client, move |client| {
        client.finish(&flow, &answer, &back, now)
    })
    .await?;
    let person = person.map_err(|error| told(&row, &error))?;
    let digest = pending.flow.fingerprint();
    if !rows::take_answer(&mut platform.control().keep().await?, &digest, now).await? {
        tracing::warn!(
            openid.provider = key,
            "an answer of a provider came a second time"
        );
        return Err(distrusted(&row));
    }
    match pending.tie_to {
        Some(session) => tie(platform, caller, key, &person, session).await,
        None => enter(platform, caller.origin.clone(), &row, person, pending.next).await,
    }
}

/// The session that asked must be the one that comes back.
async fn tie(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    person: &Person,
    asked: SessionId,
) -> Result<Return> {
    match &caller.identity {
        Identity::Person { account, session, .. } if *session == asked => {
            tie_in(platform, caller, key, &person.subject, account).await?;
            Ok(Return::Tied)
        }
        _ => Err(late()),
    }
}

async fn enter(
    platform: &Platform,
    origin: Origin,
    row: &Row,
    person: Person,
    next: String,
) -> Result<Return> {
    let source = source_of(row.id);
    let found =
        identity::find_account(&mut platform.control().read().await?, source, &person.subject).await?;
    let account = match found {
        Some(account) if account.state == AccountState::Active => account,
        Some(account) => {
            tracing::warn!(openid.provider = row.key, account = %account.id, "a disabled account was refused");
            return Err(unknown(row));
        }
        None => {
            let settings: ProviderSettings =
                serde_json::from_value(row.settings.clone()).map_err(crate::act::vault_failure)?;
            match newcomer::receive(platform, &origin, row, &settings, &person).await? {
                newcomer::Received::Account(account) => account,
                newcomer::Received::Waits => return Ok(Return::Waits),
                newcomer::Received::TurnedAway => return Err(unknown(row)),
            }
        }
    };
    let proven = Proven {
        account,
        door: Door::OpenId,
        factor: person.second_factor.then_some(PassedFactor::Provider),
        rehash: None,
    };
    let admission = admit(platform, origin, proven).await?;
    Ok(Return::Admitted(Box::new(admission), next))
}

fn late() -> PlatformError {
    let text = "this sign-in took too long or was begun in another browser; begin again";
    PlatformError::new(ProblemCode::NotSignedIn, text)
}

fn distrusted(row: &Row) -> PlatformError {
    let text = format!(
        "what came back from {} is not to be trusted, so nobody was signed in; begin again, and tell whoever runs \
         this appliance if it happens again",
        row.label
    );
    PlatformError::new(ProblemCode::NotSignedIn, text)
}

/// For who is not known and who is disabled alike.
fn unknown(row: &Row) -> PlatformError {
    let text = format!(
        "{} knows you, but no account here is open to you by it; sign in another way and tie it on your account page, or \
         ask whoever runs this appliance",
        row.label
    );
    PlatformError::new(ProblemCode::NotSignedIn, text)
}

/// What the person hears; the journal has the rest.
fn told(row: &Row, error: &OpenIdError) -> PlatformError {
    let cause = words(error);
    tracing::warn!(
        openid.provider = row.key,
        error = cause,
        "a sign-in by a provider failed"
    );
    match error {
        OpenIdError::Wire(_) | OpenIdError::Discovery(_) | OpenIdError::Keys(_) => {
            let text = format!(
                "{} cannot be asked at the moment; sign in another way or try again",
                row.label
            );
            PlatformError::new(ProblemCode::Unavailable, text)
        }
        OpenIdError::Refused { .. } => {
            let text = format!("{} did not confirm who you are", row.label);
            PlatformError::new(ProblemCode::NotSignedIn, text)
        }
        OpenIdError::Provider(_) | OpenIdError::Certificate(_) | OpenIdError::Random(_) => {
            PlatformError::invariant(cause)
        }
        OpenIdError::Token(_)
        | OpenIdError::Claim(_)
        | OpenIdError::State
        | OpenIdError::Issuer { .. }
        | OpenIdError::NoToken(_) => distrusted(row),
    }
}
