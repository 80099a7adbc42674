//! Second factors of one's own account: authenticator apps, passkeys and security keys, sent codes, recovery codes.
//!
//! Invariants: only a person acts on their factors, with a fresh proof that it is them; the last factor of an account that
//! must have one is not removed; a change ends every other session of the account. Setting an app up is [`enrol`], looking
//! at a code [`code`], all of keys [`key`], of codes by mail and SMS [`sent`].

pub mod code;
pub mod enrol;
pub mod key;
pub mod picture;
mod reset;
pub mod sent;
mod ways;

pub use reset::{is_enrolled, reset, reset_as_operator};
pub use ways::Ways;

pub(crate) use ways::ways;

use crate::{
    Platform,
    act::{Act, Object, vault_failure},
    caller::{AccountSummary, Caller, Identity, Lacks},
    error::{PlatformError, Result},
    session,
};
use jiff::Timestamp;
use store::{
    StoreError,
    control::{
        ControlTx, Reads,
        factor::{self as rows, Factor, FactorKind, FactorState},
        factor_evidence, recovery_code, session as sessions,
    },
};
use types::{AccountId, FactorId, ProblemCode, SessionId};
use vault::RecoveryCode;

/// Most factors of an account.
pub const FACTORS_MAX: usize = 10;
/// How many recovery codes a set has.
pub const RECOVERY_CODES: usize = 10;
/// Most characters of a factor's name.
const LABEL_LENGTH_MAX: usize = 80;

/// A factor, without what is shared with it.
#[derive(Debug, Clone)]
pub struct FactorView {
    /// Its id.
    pub id: FactorId,
    /// `totp`, `passkey`, `mail` or `sms`.
    pub kind: &'static str,
    /// What its holder calls it.
    pub label: String,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it last let its holder in.
    pub last_used_at: Option<Timestamp>,
    /// Of a key that is bound to another name than the appliance has now: that name. It opens nothing.
    pub bound_elsewhere: Option<String>,
}

/// One's own factors.
#[derive(Debug, Clone)]
pub struct OwnFactors {
    /// Those that count, the oldest first.
    pub factors: Vec<FactorView>,
    /// How many recovery codes still work.
    pub recovery_codes_left: i64,
    /// Is one required of this account?
    pub required: bool,
}

/// The operators who have set no second factor up, by address; nothing is open to them before.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator; `unavailable`.
pub async fn operators_without(platform: &Platform, caller: &Caller) -> Result<Vec<String>> {
    crate::operator::require(caller)?;
    let found = factor_evidence::list_operators(&mut platform.control().read().await?).await?;
    let without = found.into_iter().filter(|operator| !operator.enrolled);
    Ok(without.map(|operator| operator.email).collect())
}

/// What a caller who is held is told.
#[must_use]
pub fn held(lacks: Lacks) -> PlatformError {
    let detail = match lacks {
        Lacks::Enrolment => {
            "a second factor is required of this account, and it has none that suffices; set one up in the console"
        }
        Lacks::Password => "the password is older than is allowed; change it in the console",
        Lacks::Proof => "this session began before the account had a second factor; sign in again with it",
    };
    PlatformError::new(ProblemCode::FactorRequired, detail)
}

/// One's own factors and codes.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for tokens.
pub async fn list_own(platform: &Platform, caller: &Caller) -> Result<OwnFactors> {
    let (account, _) = holder(caller)?;
    let mut read = platform.control().read().await?;
    let found = rows::list_of(&mut read, account.id).await?;
    let active = found.into_iter().filter(|row| row.state == FactorState::Active);
    Ok(OwnFactors {
        factors: active.map(|row| view(row, &key::offer(platform))).collect(),
        recovery_codes_left: recovery_code::count_left(&mut read, account.id).await?,
        required: rows::standing(&mut read, account.id).await?.required,
    })
}

fn view(row: Factor, offer: &key::Offer) -> FactorView {
    let is_here = |host: &str| matches!(offer, key::Offer::Offered { host: ours } if ours == host);
    FactorView {
        bound_elsewhere: row.relying_party.filter(|host| !is_here(host)),
        id: row.id,
        kind: row.kind.as_str(),
        label: row.label,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}

/// The person behind a session, held or not.
fn holder(caller: &Caller) -> Result<(&AccountSummary, SessionId)> {
    match (caller.holder(), caller.account()) {
        (Some(holder), _) => Ok(holder),
        (None, Some(_)) => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "a person manages their second factors, signed in in a browser",
        )),
        (None, None) => Err(access::Denial::NotSignedIn.into()),
    }
}

/// The same, when a fresh proof is there. Whoever is held because they have no factor that is enough cannot give one but by signing in
/// anew: a browser left open for hours must not get a factor of a stranger's.
fn fresh_holder<'a>(platform: &Platform, caller: &'a Caller) -> Result<(&'a AccountSummary, SessionId)> {
    let found = holder(caller)?;
    match &caller.identity {
        Identity::Held {
            lacks: Lacks::Enrolment,
            elevated_until,
            ..
        } => {
            if *elevated_until <= platform.now() {
                let detail =
                    "you signed in too long ago to set a second factor up; sign out and in again first";
                return Err(PlatformError::new(ProblemCode::NotAllowed, detail));
            }
        }
        Identity::Held { lacks, .. } => return Err(held(*lacks)),
        _ => session::require_fresh(platform, caller)?,
    }
    Ok(found)
}

/// Refuses one more factor to an account that has many.
async fn check_room(on: &mut impl Reads, account: AccountId) -> Result<()> {
    let found = rows::list_of(on, account).await?;
    let active = found.iter().filter(|row| row.state == FactorState::Active);
    if active.count() >= FACTORS_MAX {
        let detail = format!("{FACTORS_MAX} second factors are the most; remove one first");
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    Ok(())
}

/// Can what is kept of a factor be opened?
///
/// # Errors
/// It cannot.
pub(crate) fn is_whole(platform: &Platform, row: &Factor) -> Result<()> {
    match row.kind {
        FactorKind::Totp => code::open_secret(platform, row.account_id, row.id, &row.secret).map(drop),
        FactorKind::Passkey => key::is_whole(platform, row),
        FactorKind::Mail | FactorKind::Sms => sent::masked(platform, row).map(drop),
    }
}

fn checked_label(label: &str) -> Result<String> {
    let label = label.trim();
    let length = label.chars().count();
    if length == 0 || length > LABEL_LENGTH_MAX || label.chars().any(char::is_control) {
        let text = format!("1 to {LABEL_LENGTH_MAX} characters on one line");
        return Err(PlatformError::invalid_at("/label", "malformed", text));
    }
    Ok(label.to_owned())
}

/// Gives one of one's own factors another name.
///
/// # Errors
/// `invalid`, `not-found`, `proof-required`.
pub async fn rename(platform: &Platform, caller: &Caller, id: FactorId, label: &str) -> Result<()> {
    let (account, _) = fresh_holder(platform, caller)?;
    let label = checked_label(label)?;
    let mut tx = platform.control().begin().await?;
    own(rows::rename(&mut tx, account.id, id, &label).await)?;
    commit(platform, caller, tx, "factor.rename", Object::new("factor", id)).await
}

/// Removes one of one's own factors; with the last one the recovery codes go. Every other session ends.
///
/// # Errors
/// `conflict` for the last one where one is required; `not-found`, `proof-required`.
pub async fn remove(platform: &Platform, caller: &Caller, id: FactorId) -> Result<()> {
    let (account, session) = fresh_holder(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    // Two removals at once must not each see the other's factor as the one that stays.
    store::control::invitation::lock_account(&mut tx, account.id).await?;
    own(rows::remove(&mut tx, account.id, id).await)?;
    let standing = rows::standing(&mut tx, account.id).await?;
    if standing.required && !standing.suffices() {
        tx.close().await?;
        let detail = "a second factor is required of you; set up another one before you remove this one";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    if !standing.enrolled {
        recovery_code::remove_all_of(&mut tx, account.id).await?;
    }
    end_others(platform, &mut tx, account.id, session).await?;
    commit(platform, caller, tx, "factor.remove", Object::new("factor", id)).await
}

/// A new set of recovery codes, shown this once, in the place of the old one.
///
/// # Errors
/// `conflict` without a factor that they could stand in for; `proof-required`.
pub async fn renew_recovery_codes(platform: &Platform, caller: &Caller) -> Result<Vec<RecoveryCode>> {
    let (account, _) = fresh_holder(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    if !rows::standing(&mut tx, account.id).await?.enrolled {
        tx.close().await?;
        let detail = "recovery codes stand in for another factor; set one up first";
        return Err(PlatformError::new(ProblemCode::Conflict, detail));
    }
    let codes = issue_codes(platform, &mut tx, account.id).await?;
    let object = Object::new("account", account.id);
    commit(platform, caller, tx, "factor.renew-recovery-codes", object).await?;
    Ok(codes)
}

async fn issue_codes(
    platform: &Platform,
    tx: &mut ControlTx,
    account: AccountId,
) -> Result<Vec<RecoveryCode>> {
    let codes = (0..RECOVERY_CODES)
        .map(|_| RecoveryCode::generate().map_err(vault_failure))
        .collect::<Result<Vec<_>>>()?;
    let hashes: Vec<Vec<u8>> = codes
        .iter()
        .map(|code| code.hashed(account).bytes().to_vec())
        .collect();
    recovery_code::replace(tx, account, &hashes, platform.now()).await?;
    Ok(codes)
}

/// Ends every session of the account but this one, and its sign-ins that wait.
async fn end_others(
    platform: &Platform,
    tx: &mut ControlTx,
    account: AccountId,
    keep: SessionId,
) -> Result<()> {
    sessions::end_others_of(tx, account, keep, platform.now()).await?;
    Ok(store::control::pending_sign_in::end_all_of(tx, account).await?)
}

fn own<T>(done: std::result::Result<T, StoreError>) -> Result<T> {
    match done {
        Err(StoreError::NotFound) => Err(PlatformError::not_found("second factor")),
        done => Ok(done?),
    }
}

/// Commits with the entry of the appliance's log.
async fn commit(
    platform: &Platform,
    caller: &Caller,
    tx: ControlTx,
    action: &'static str,
    object: Object,
) -> Result<()> {
    let entry = platform.entry(caller, None, &Act::access(action, object))?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}
