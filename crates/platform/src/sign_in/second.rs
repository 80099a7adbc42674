//! The second step: a code or a key, for whoever a door has recognized and whose account has a second factor.
//!
//! Invariants: a waiting sign-in is known by a secret of 256 bits in the browser, lasts [`MINUTES`] minutes and takes
//! [`TRIES`] answers of whatever kind; a try is taken before the answer is looked at.

use super::Door;
use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{Caller, Lacks, Origin},
    error::{PlatformError, Result},
    factor::{
        self, Ways, code, key,
        sent::{self, Channel},
    },
    session,
};
use jiff::SignedDuration;
use store::{
    NewEntry, StoreError,
    control::{
        ControlTx,
        account::{self, Account, AccountState},
        pending_sign_in::{self as rows, NewPending},
    },
};
use types::{AccountId, ProblemCode};
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
#[derive(Debug, Clone)]
pub struct Waiting {
    /// How many codes may still be tried.
    pub tries_left: i16,
    /// By what it can go on.
    pub ways: Ways,
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
    let found = rows::find(&mut read, token.hashed().bytes(), platform.now()).await?;
    drop(read);
    let Some(found) = found else { return Ok(None) };
    Ok(Some(Waiting {
        tries_left: found.tries_left,
        ways: factor::ways(platform, found.account()).await?,
    }))
}

fn over() -> PlatformError {
    let text = "this sign-in is over: it waited too long, or too many codes were wrong; begin again";
    PlatformError::new(ProblemCode::NotSignedIn, text)
}

/// A sign-in that waits, and whose it is.
struct At {
    hash: [u8; 32],
    account: AccountId,
}

async fn at(platform: &Platform, token: &str) -> Result<At> {
    let token = PendingToken::parse(token).map_err(|_| over())?;
    let hash = *token.hashed().bytes();
    let found = rows::find(&mut platform.control().read().await?, &hash, platform.now()).await?;
    let account = found.ok_or_else(over)?.account();
    Ok(At { hash, account })
}

/// Counts a try of the account and takes one of the sign-in.
async fn take_try(platform: &Platform, at: &At) -> Result<()> {
    code::count_try(platform, at.account).await?;
    let taken = rows::take_try(&mut platform.control().keep().await?, &at.hash, platform.now()).await;
    unless_over(taken)
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
    let at = at(platform, token).await?;
    take_try(platform, &at).await?;
    let asked = key::of_sign_in(at.account, &at.hash);
    let answer = code::read(platform, &asked, typed.expose()).await?;
    let_in(platform, origin, &at, answer).await
}

/// Sends a code to the address or number of the account whose sign-in waits; tells where to, masked.
///
/// # Errors
/// `not-signed-in` when the sign-in is over; `conflict` when the account gets none that way; `too-many-requests`;
/// `unavailable` when nothing can be sent.
pub async fn ask_code(platform: &Platform, origin: Origin, token: &str, channel: Channel) -> Result<String> {
    let at = at(platform, token).await?;
    let caller = Caller::anonymous(origin);
    sent::ask(platform, &caller, &key::of_sign_in(at.account, &at.hash), channel).await
}

/// Asks the keys of the account whose sign-in waits.
///
/// # Errors
/// `not-signed-in` when the sign-in is over; `conflict` when the account has no key that answers here.
pub async fn ask_key(platform: &Platform, token: &str) -> Result<key::Question> {
    let at = at(platform, token).await?;
    key::ask(platform, &key::of_sign_in(at.account, &at.hash)).await
}

/// Ends a sign-in that waits with the answer of a key, as the browser's JSON.
///
/// # Errors
/// As [`with_code`].
pub async fn with_key(
    platform: &Platform,
    origin: Origin,
    token: &str,
    given: &str,
) -> Result<(SessionToken, Caller)> {
    let at = at(platform, token).await?;
    take_try(platform, &at).await?;
    let answer = key::read(platform, &key::of_sign_in(at.account, &at.hash), given).await?;
    let_in(platform, origin, &at, answer).await
}

/// Spends the answer, ends the sign-in, and begins the session, all or nothing.
async fn let_in(
    platform: &Platform,
    origin: Origin,
    at: &At,
    answer: code::Answer,
) -> Result<(SessionToken, Caller)> {
    let mut tx = platform.control().begin().await?;
    let passed = match code::spend(platform, &mut tx, at.account, answer).await? {
        Ok(passed) => passed,
        Err(missed) => {
            tx.close().await?;
            let caller = Caller::anonymous(origin);
            return Err(code::refuse(platform, &caller, at.account, missed).await?);
        }
    };
    unless_over(rows::end(&mut tx, &at.hash).await)?;
    let found = account::find_by_id(&mut tx, at.account).await?;
    let active = found.filter(|(account, _)| account.state == AccountState::Active);
    let account = active.ok_or_else(over)?.0;
    let (session, caller, entry) =
        session::begin_in(platform, &mut tx, origin, &account, Some(passed)).await?;
    let standing = store::control::factor::standing(&mut tx, account.id).await?;
    tx.commit(&entry, &[]).await?;
    let is_old = session::is_password_too_old(account.password_changed_at, standing, platform.now());
    let lacks = session::lacks_of_session(Some(passed.as_str()), standing);
    let caller = match lacks.or_else(|| is_old.then_some(Lacks::Password)) {
        Some(lacks) => Caller {
            identity: session::held(&caller, lacks),
            ..caller
        },
        None => caller,
    };
    Ok((session, caller))
}

fn unless_over(done: std::result::Result<(), StoreError>) -> Result<()> {
    match done {
        Err(StoreError::NotFound) => Err(over()),
        done => Ok(done?),
    }
}
