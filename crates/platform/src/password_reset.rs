//! A forgotten password: whoever has the account's mail sets another with a link.
//!
//! Invariants: asking says the same and takes the same work whether there is such an account or not: it puts up a job, and the
//! job finds out. A link works once, for [`MINUTES`] minutes, and only where there was a password; it sets that and changes
//! nothing else, least of all a second factor. Every session of the account ends with it. Start at [`ask`].

use crate::{
    Caller, Origin, Platform,
    act::{Act, Object, vault_failure},
    caller::Identity,
    error::{PlatformError, Result},
    mail::{self, Letter},
    password::{self, Whose},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{
    StoreError,
    control::{
        account::{self as accounts, AccountState},
        invitation::lock_account,
        job::Job,
        password_reset as rows, session,
    },
};
use types::{AccountId, EmailAddress, ProblemCode};
use vault::{ResetToken, SecretText};

/// The kind of job that finds out whether a link is to be sent.
pub(crate) const ASKED: &str = "password-reset.ask";
/// How many minutes a link works.
pub const MINUTES: i64 = 30;

/// The one sentence for a link that does not work, whatever the reason.
const DEAD: &str = "this link has expired, was used already, or is not one of ours; ask for a new one";

/// Whose password a link sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Their account.
    pub account: AccountId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
}

/// Can links be sent at all?
///
/// # Errors
/// `unavailable`.
pub async fn is_open(platform: &Platform) -> Result<bool> {
    mail::is_set(platform).await
}

/// Asks for a link to this address. The answer is the same whoever asks for whom.
///
/// # Errors
/// `conflict` where mail is not set; `invalid` for what is no address.
pub async fn ask(platform: &Platform, email: &str) -> Result<()> {
    let email = email.trim().parse::<EmailAddress>();
    let email = email.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    mail::post_job(
        platform,
        &mut platform.control().keep().await?,
        ASKED,
        &Letter::blank(&email),
    )
    .await?;
    Ok(())
}

/// Finds out whether the address that was asked for has an account with a password, and sends a link if so.
pub(crate) async fn run(platform: &Platform, job: &Job) -> Result<Value> {
    let letter = mail::open(platform, job)?;
    let Ok(email) = letter.to().parse::<EmailAddress>() else {
        return Ok(json!({}));
    };
    let mut tx = platform.control().begin().await?;
    let found = accounts::find_by_email(&mut tx, &email).await?;
    let Some((account, Some(_))) = found.filter(|(account, _)| account.state == AccountState::Active) else {
        tx.close().await?;
        return Ok(json!({}));
    };
    let token = ResetToken::generate().map_err(vault_failure)?;
    let now = platform.now();
    let expires_at = now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now);
    rows::replace(&mut tx, token.hashed().bytes(), account.id, now, expires_at).await?;
    let url = format!(
        "{}/password-reset/{}",
        platform.settings().base_url,
        token.expose()
    );
    mail::post(platform, &mut tx, &Letter::password_reset(&email, &url, MINUTES)).await?;
    let act = Act::access("password-reset.create", Object::new("account", account.id));
    let entry = platform.entry(&Caller::system(), None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(json!({}))
}

fn dead() -> PlatformError {
    PlatformError::new(ProblemCode::NotFound, DEAD)
}

/// Whose password the link sets. Looking does not use it up: mail scanners look too.
///
/// # Errors
/// `not-found`, with one sentence for every reason.
pub async fn look(platform: &Platform, token: &str) -> Result<Holder> {
    let token = ResetToken::parse(token).map_err(|_| dead())?;
    let mut read = platform.control().read().await?;
    let found = rows::find_live(&mut read, token.hashed().bytes(), platform.now()).await?;
    let (account, email, name) = found.ok_or_else(dead)?;
    Ok(Holder { account, email, name })
}

/// Uses a link up and sets the password of the account that it answers with. Nobody is signed in by this, and whoever was is
/// no longer.
///
/// # Errors
/// `not-found` for a link that does not work; `invalid` for a weak password, which uses nothing up.
pub async fn set(
    platform: &Platform,
    origin: Origin,
    token: &str,
    password: SecretText,
) -> Result<AccountId> {
    let holder = look(platform, token).await?;
    let token = ResetToken::parse(token).map_err(|_| dead())?;
    let whose = Whose::Account {
        id: holder.account,
        words: &[&holder.email, &holder.name],
    };
    let hashed = password::hash(platform, "/password", password, whose).await?;
    let now = platform.now();
    let mut tx = platform.control().begin().await?;
    let account = match rows::use_up(&mut tx, token.hashed().bytes(), now).await {
        Err(StoreError::NotFound) => return Err(dead()),
        used => used?,
    };
    lock_account(&mut tx, account).await?;
    accounts::set_password(&mut tx, account, &hashed, now).await?;
    session::end_all_of(&mut tx, account, now).await?;
    let caller = Caller {
        identity: Identity::Anonymous,
        origin,
        grant: None,
    };
    let act = Act::access("password-reset.use", Object::new("account", account));
    let entry = platform.entry(&caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(account)
}
