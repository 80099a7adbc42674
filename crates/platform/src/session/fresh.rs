//! A fresh proof of who asks, for what a browser left unlocked must not do: factors, passwords, exports, members, policies.
//!
//! Invariant: a sign-in is a proof for [`MINUTES`] minutes; after that a password or a code is one again. Each proof
//! gives the session a new token, so that one that was copied before is worth nothing after.

use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{Caller, Identity, Lacks},
    error::{PlatformError, Result},
    factor::{self as factors, Ways, code, key},
};
use jiff::{SignedDuration, Timestamp};
use store::control::{
    ControlTx, account as accounts, factor,
    session::{self as rows, PassedFactor},
};
use types::{AccountId, ProblemCode, SessionId};
use vault::{SecretText, SessionToken, Verdict};

/// How long a proof is fresh.
pub const MINUTES: i64 = 10;

/// Until when a proof made now is fresh.
pub(crate) fn until(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now)
}

/// Refuses a person whose proof is no longer fresh. Programs and the host are asked for none: a token is narrowed when it
/// is made.
///
/// # Errors
/// `proof-required`; `factor-required` for whoever is held.
pub fn require_fresh(platform: &Platform, caller: &Caller) -> Result<()> {
    match &caller.identity {
        Identity::Person { elevated_until, .. } if *elevated_until <= platform.now() => {
            Err(PlatformError::new(
                ProblemCode::ProofRequired,
                "confirm that it is you, with your password or a code; this is asked when you signed in a while ago",
            ))
        }
        Identity::Held { lacks, .. } => Err(factors::held(*lacks)),
        Identity::Anonymous
        | Identity::Person { .. }
        | Identity::Token { .. }
        | Identity::Host
        | Identity::System => Ok(()),
    }
}

/// What can prove who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A second factor: the account has one.
    Factor(Ways),
    /// The password.
    Password,
}

/// What the caller is to give as a proof.
///
/// # Errors
/// `not-signed-in`.
pub async fn wanted(platform: &Platform, caller: &Caller) -> Result<Wanted> {
    let (account, _) = caller.holder().ok_or(access::Denial::NotSignedIn)?;
    let standing = factor::standing(&mut platform.control().read().await?, account.id).await?;
    Ok(match standing.enrolled {
        true => Wanted::Factor(factors::ways(platform, account.id).await?),
        false => Wanted::Password,
    })
}

/// The person behind a session that may be proved.
fn provable(caller: &Caller) -> Result<(AccountId, SessionId)> {
    let (account, session) = caller.holder().ok_or(access::Denial::NotSignedIn)?;
    if caller.lacks() == Some(Lacks::Enrolment) {
        return Err(factors::held(Lacks::Enrolment));
    }
    Ok((account.id, session))
}

/// Proves that it is them, with what [`wanted`] says; the session has a new token then.
///
/// # Errors
/// `invalid` for what is wrong; `too-many-requests`; `factor-required` for whoever has no factor yet and must have one.
pub async fn prove(platform: &Platform, caller: &Caller, typed: SecretText) -> Result<SessionToken> {
    let (account, session) = provable(caller)?;
    let wanted = wanted(platform, caller).await?;
    code::count_try(platform, account).await?;
    if wanted == Wanted::Password {
        check_password(platform, caller, typed).await?;
        let mut tx = platform.control().begin().await?;
        store::control::pending_sign_in::forgive(&mut tx, account).await?;
        return finish(platform, caller, tx, session, None).await;
    }
    let answer = code::read(platform, account, typed.expose()).await?;
    prove_by(platform, caller, answer).await
}

/// Asks the caller's keys for a proof.
///
/// # Errors
/// `not-signed-in`; `conflict` when they have no key that answers here; `factor-required` as [`prove`].
pub async fn ask_key(platform: &Platform, caller: &Caller) -> Result<key::Question> {
    let (account, session) = provable(caller)?;
    key::ask(platform, &key::of_proof(account, session)).await
}

/// Proves that it is them with the answer of a key, as the browser's JSON.
///
/// # Errors
/// As [`prove`].
pub async fn prove_with_key(platform: &Platform, caller: &Caller, given: &str) -> Result<SessionToken> {
    let (account, session) = provable(caller)?;
    code::count_try(platform, account).await?;
    let answer = key::read(platform, &key::of_proof(account, session), given).await?;
    prove_by(platform, caller, answer).await
}

async fn prove_by(platform: &Platform, caller: &Caller, answer: code::Answer) -> Result<SessionToken> {
    let (account, session) = provable(caller)?;
    let mut tx = platform.control().begin().await?;
    match code::spend(platform, &mut tx, account, answer).await? {
        Ok(passed) => finish(platform, caller, tx, session, Some(passed)).await,
        Err(missed) => {
            tx.close().await?;
            Err(code::refuse(platform, caller, account, missed).await?)
        }
    }
}

async fn finish(
    platform: &Platform,
    caller: &Caller,
    mut tx: ControlTx,
    session: SessionId,
    passed: Option<PassedFactor>,
) -> Result<SessionToken> {
    let token = elevate_in(platform, &mut tx, session, passed).await?;
    let act = Act::access("session.prove", Object::new("session", session));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(token)
}

async fn check_password(platform: &Platform, caller: &Caller, typed: SecretText) -> Result<()> {
    let (account, _) = caller.holder().ok_or(access::Denial::NotSignedIn)?;
    let found = accounts::find_by_id(&mut platform.control().read().await?, account.id).await?;
    let Some(stored) = found.and_then(|(_, hash)| hash) else {
        let text = "you have no password here; sign out and in again, which is a proof for ten minutes";
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    };
    let verdict = platform
        .hash_with(move |hasher| hasher.verify(typed.expose(), Some(&stored)))
        .await?;
    if matches!(
        verdict.map_err(vault_failure)?,
        Verdict::Right | Verdict::RightButWeak
    ) {
        return Ok(());
    }
    let act = Act::access("session.refuse", Object::new("account", account.id));
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    let message = "this is not your password";
    Err(PlatformError::invalid_at("/proof", "wrong-password", message))
}

/// A new token for a session that has just been proved, within a transaction that has an entry.
pub(crate) async fn elevate_in(
    platform: &Platform,
    tx: &mut ControlTx,
    session: SessionId,
    passed: Option<PassedFactor>,
) -> Result<SessionToken> {
    let token = SessionToken::generate().map_err(vault_failure)?;
    let until = until(platform.now());
    rows::elevate(tx, session, token.hashed().bytes(), passed, until).await?;
    Ok(token)
}
