//! Who has an account, and whether it may be used: disabled and enabled by operators, wherever the person comes from.
//!
//! Invariants: what a directory barred stays barred; no organization loses its last owner; nobody disables themselves. The sessions
//! of a disabled account end in the same transaction, and what runs in its name within five seconds ([`crate::withdrawal`]).

use crate::{
    Platform,
    act::{Act, Object},
    caller::Caller,
    error::{PlatformError, Result},
    operator, session,
};
use store::control::{account as rows, membership, session as sessions};
use types::{AccountId, EmailAddress, PageSize, ProblemCode};

pub use rows::{Account, AccountState};

/// A page of accounts, in the order in which they were made, those after `after`.
///
/// # Errors
/// `not-signed-in`, `not-allowed`, `unavailable`.
pub async fn list(
    platform: &Platform,
    caller: &Caller,
    size: PageSize,
    after: Option<AccountId>,
) -> Result<Vec<Account>> {
    operator::require(caller)?;
    Ok(rows::list(&mut platform.control().read().await?, size, after).await?)
}

/// The account of an address.
///
/// # Errors
/// `not-found`, `invalid` for what is no address; as [`list`].
pub async fn find(platform: &Platform, caller: &Caller, email: &str) -> Result<Account> {
    operator::require(caller)?;
    let address = email.trim().parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let found = rows::find_by_email(&mut platform.control().read().await?, &address).await?;
    let (account, _) = found.ok_or_else(|| PlatformError::not_found("account"))?;
    Ok(account)
}

/// Disables an account; answers how many sessions were ended. Done again, it ends what sessions there are.
///
/// # Errors
/// `last-owner` when an organization would have no owner left, `conflict` for one's own account, `not-found`, `proof-required`; as
/// [`list`].
pub async fn disable(platform: &Platform, caller: &Caller, id: AccountId) -> Result<usize> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    if caller.account().is_some_and(|account| account.id == id) {
        let why = "nobody disables their own account; another operator or the host can";
        return Err(PlatformError::new(ProblemCode::Conflict, why));
    }
    let mut tx = platform.control().begin().await?;
    if let Some(organization) = membership::only_owner_of(&mut tx, id).await? {
        let why = format!(
            "{} has no other owner who can sign in; make somebody else one first",
            organization.slug
        );
        return Err(PlatformError::new(ProblemCode::LastOwner, why));
    }
    rows::set_state(&mut tx, id, AccountState::Disabled).await?;
    let ended = sessions::end_all_of(&mut tx, id, platform.now()).await?;
    let reason = format!("{ended} sessions");
    let act = Act::configuration("account.disable", Object::new("account", id)).because(&reason);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    platform.standings().clear();
    Ok(ended)
}

/// Lets a disabled account be used again. Whom a directory barred it lets in when it is compared again, and nobody before.
///
/// # Errors
/// As [`disable`], without `last-owner`.
pub async fn enable(platform: &Platform, caller: &Caller, id: AccountId) -> Result<()> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    rows::set_state(&mut tx, id, AccountState::Active).await?;
    let act = Act::configuration("account.enable", Object::new("account", id));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}
