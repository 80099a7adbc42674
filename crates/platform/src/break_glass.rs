//! Break-glass: the operator on the host lets an account in when its own ways are gone: a lost password or second
//! factor, a directory that is away.
//!
//! Invariants: only root's command makes a link; it works once, for [`MINUTES`] minutes, and only its hash is stored; making and
//! using it are entries, with the reason, that every organization of the account sees. Start at [`create`].

use crate::{
    Caller, Origin, Platform,
    act::{Act, Object, vault_failure},
    caller::Identity,
    error::{PlatformError, Result},
    session,
};
use jiff::{SignedDuration, Timestamp};
use store::{
    NewEntry, StoreError,
    control::{account as accounts, break_glass as rows, organization, session::PassedFactor},
};
use types::{AccountId, EmailAddress, ProblemCode};
use vault::{BreakGlassToken, SecretText, SessionToken};

/// How many minutes a link works.
pub const MINUTES: i64 = 10;
/// Most characters of a reason.
pub const REASON_LENGTH_MAX: usize = 200;

/// The one sentence for a link that does not work, whatever the reason.
const DEAD: &str = "this link has expired, was used already, or is not one of ours";

/// A link that was just made; it cannot be had again.
#[derive(Debug)]
pub struct Link {
    /// The address to open, made with the configured base URL.
    pub url: SecretText,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Makes a link that signs the account in; an older one is void.
///
/// # Errors
/// `not-allowed` but for the host; `invalid` without a reason; `not-found`; `conflict` for a disabled account.
pub async fn create(platform: &Platform, caller: &Caller, email: &str, reason: &str) -> Result<Link> {
    if !matches!(caller.identity, Identity::Host) {
        return Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "this is done on the host",
        ));
    }
    let reason = checked_reason(reason)?;
    let address = email.parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let mut tx = platform.control().begin().await?;
    let found = accounts::find_by_email(&mut tx, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0;
    if account.state != accounts::AccountState::Active {
        tx.close().await?;
        let detail = "the account is disabled; enable it first";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    let token = BreakGlassToken::generate().map_err(vault_failure)?;
    let now = platform.now();
    let expires_at = now.checked_add(SignedDuration::from_mins(MINUTES)).unwrap_or(now);
    rows::replace(&mut tx, token.hashed().bytes(), account.id, now, expires_at).await?;
    let (first, rest) = entries(platform, caller, account.id, "break-glass.create", Some(reason)).await?;
    tx.commit(&first, &rest).await?;
    let base = &platform.settings().base_url;
    let url = SecretText::new(format!("{base}/break-glass/{}", token.expose()));
    Ok(Link { url, expires_at })
}

fn checked_reason(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if length == 0 || length > REASON_LENGTH_MAX || reason.chars().any(char::is_control) {
        let text = format!("say why, on one line of at most {REASON_LENGTH_MAX} characters");
        return Err(PlatformError::invalid_at("/reason", "malformed", text));
    }
    Ok(reason)
}

/// One entry of the appliance's log, and one that each organization of the account sees.
async fn entries(
    platform: &Platform,
    caller: &Caller,
    account: AccountId,
    action: &str,
    reason: Option<&str>,
) -> Result<(NewEntry, Vec<NewEntry>)> {
    let act = Act::access(action, Object::new("account", account));
    let act = match reason {
        Some(reason) => act.because(reason),
        None => act,
    };
    let first = platform.entry(caller, None, &act)?;
    let mut read = platform.control().read().await?;
    let organizations = organization::list_for_account(&mut read, account).await?;
    let rest = organizations
        .iter()
        .map(|(found, _)| platform.entry(caller, Some(found.id), &act))
        .collect::<Result<Vec<_>>>()?;
    Ok((first, rest))
}

fn dead() -> PlatformError {
    PlatformError::new(ProblemCode::NotFound, DEAD)
}

/// Whom a link would let in. Looking does not use it up.
///
/// # Errors
/// `not-found`, with one sentence for every reason.
pub async fn look(platform: &Platform, token: &str) -> Result<String> {
    let token = BreakGlassToken::parse(token).map_err(|_| dead())?;
    let mut read = platform.control().read().await?;
    let found = rows::find_live(&mut read, token.hashed().bytes(), platform.now()).await?;
    found.ok_or_else(dead)
}

/// Uses a link up and signs its account in.
///
/// # Errors
/// As [`look`].
pub async fn redeem(platform: &Platform, origin: Origin, token: &str) -> Result<(SessionToken, Caller)> {
    let token = BreakGlassToken::parse(token).map_err(|_| dead())?;
    let now = platform.now();
    let mut tx = platform.control().begin().await?;
    let account = match rows::use_up(&mut tx, token.hashed().bytes(), now).await {
        Err(StoreError::NotFound) => {
            tx.close().await?;
            return Err(dead());
        }
        used => used?,
    };
    let found = accounts::find_by_id(&mut tx, account).await?;
    let account = found.ok_or_else(dead)?.0;
    let (session, caller, begun) = session::begin_in(
        platform,
        &mut tx,
        origin,
        &account,
        Some(PassedFactor::BreakGlass),
    )
    .await?;
    let (first, mut rest) = entries(platform, &caller, account.id, "break-glass.use", None).await?;
    rest.push(begun);
    tx.commit(&first, &rest).await?;
    Ok((session, caller))
}
