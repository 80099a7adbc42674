//! The second step: a code, for whoever a door has recognized and whose account has a second factor.
//!
//! Invariants: a waiting sign-in is known by a secret of 256 bits in the browser, lasts [`MINUTES`] minutes and takes
//! [`TRIES`] codes; a try is taken before the code is looked at.

use super::Door;
use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{Caller, Origin},
    error::{PlatformError, Result},
    factor::code,
    session,
};
use jiff::SignedDuration;
use store::{
    NewEntry, StoreError,
    control::{
        ControlTx,
        account::{self, Account, AccountState},
        pending_sign_in::{self as rows, NewPending},
        recovery_code,
    },
};
use types::ProblemCode;
use vault::{PendingToken, SecretText, SessionToken};

/// How many minutes a sign-in waits for its second step.
pub const MINUTES: i64 = 10;
/// How many codes may be tried in one sign-in.
pub const TRIES: i16 = 5;

/// Makes a sign-in that waits, within a transaction; its entry is to be committed with it.
pub(super) async fn ask(
    platform: &Platform,
    tx: &mut ControlTx,
    origin: Origin,
    account: &Account,
    door: Door,
) -> Result<(PendingToken, NewEntry)> {
    let token = PendingToken::generate().map_err(vault_failure)?;
    let now = platform.now();
    let new = NewPending {
        token_hash: token.hashed().bytes().to_vec(),
        account: account.id,
        method: door.as_str(),
        tries: TRIES,
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now),
    };
    rows::insert(tx, new).await?;
    let act = Act::access("session.ask-factor", Object::new("account", account.id)).because(door.as_str());
    let entry = platform.entry(&Caller::anonymous(origin), None, &act)?;
    Ok((token, entry))
}

/// What a sign-in that waits can be told about.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// How many codes may still be tried.
    pub tries_left: i16,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
}

/// The sign-in that waits under this token; none when it is over.
///
/// # Errors
/// `unavailable`.
pub async fn waiting(platform: &Platform, token: &str) -> Result<Option<Waiting>> {
    let Ok(token) = PendingToken::parse(token) else {
        return Ok(None);
    };
    let mut read = platform.control().read().await?;
    let Some(found) = rows::find(&mut read, token.hashed().bytes(), platform.now()).await? else {
        return Ok(None);
    };
    Ok(Some(Waiting {
        tries_left: found.tries_left,
        recovery_codes_left: recovery_code::count_left(&mut read, found.account()).await?,
    }))
}

fn over() -> PlatformError {
    let text = "this sign-in is over: it waited too long, or too many codes were wrong; begin again";
    PlatformError::new(ProblemCode::NotSignedIn, text)
}

/// Ends a sign-in that waits with a code of an app, or a recovery code.
///
/// # Errors
/// `invalid` with what is wrong with the code; `not-signed-in` when the sign-in is over; `too-many-requests` after many
/// misses of the account.
pub async fn with_code(
    platform: &Platform,
    origin: Origin,
    token: &str,
    typed: SecretText,
) -> Result<(SessionToken, Caller)> {
    let token = PendingToken::parse(token).map_err(|_| over())?;
    let hash = *token.hashed().bytes();
    let found = rows::find(&mut platform.control().read().await?, &hash, platform.now()).await?;
    let account = found.ok_or_else(over)?.account();
    code::count_try(platform, account).await?;
    let taken = rows::take_try(&mut platform.control().keep().await?, &hash, platform.now()).await;
    unless_over(taken)?;
    let answer = code::read(platform, account, typed.expose()).await?;
    let mut tx = platform.control().begin().await?;
    let passed = match code::spend(platform, &mut tx, account, answer).await? {
        Ok(passed) => passed,
        Err(missed) => {
            tx.close().await?;
            let caller = Caller::anonymous(origin);
            return Err(code::refuse(platform, &caller, account, missed).await?);
        }
    };
    unless_over(rows::end(&mut tx, &hash).await)?;
    let found = account::find_by_id(&mut tx, account).await?;
    let active = found.filter(|(account, _)| account.state == AccountState::Active);
    let account = active.ok_or_else(over)?.0;
    let (session, caller, entry) =
        session::begin_in(platform, &mut tx, origin, &account, Some(passed)).await?;
    tx.commit(&entry, &[]).await?;
    Ok((session, caller))
}

fn unless_over(done: std::result::Result<(), StoreError>) -> Result<()> {
    match done {
        Err(StoreError::NotFound) => Err(over()),
        done => Ok(done?),
    }
}
