//! The identities of accounts elsewhere: seen and untied by their holder, tied in advance at the host.
//!
//! Invariant: nobody ties or unties an identity of an account but its holder, after the password was asked for again, and the
//! host. An operator's session cannot: whoever is tied to an account is that account, in every organization.

use crate::{
    Caller, Platform,
    act::{Act, Object, vault_failure},
    caller::{AccountSummary, Identity},
    error::{PlatformError, Result},
    factor::code,
    provider,
};
use jiff::Timestamp;
use store::{
    StoreError,
    control::{account as accounts, identity as rows, invitation::lock_account, openid, pending_sign_in},
};
use types::{EmailAddress, ProblemCode, SessionId};
use vault::{SecretText, Verdict};

/// An identity of the caller's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnIdentity {
    /// The provider's name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Since when it is tied.
    pub since: Timestamp,
}

/// The caller's own identities at providers.
///
/// # Errors
/// `not-signed-in`.
pub async fn list_own(platform: &Platform, caller: &Caller) -> Result<Vec<OwnIdentity>> {
    let account = caller.account().ok_or(access::Denial::NotSignedIn)?.id;
    let mut read = platform.control().read().await?;
    let providers = openid::list(&mut read).await?;
    let own = rows::list_of(&mut read, account).await?;
    let named = own.into_iter().filter_map(|identity| {
        let provider = providers
            .iter()
            .find(|provider| provider.id == identity.source_id)?;
        Some(OwnIdentity {
            key: provider.key.clone(),
            label: provider.label.clone(),
            since: identity.created_at,
        })
    });
    Ok(named.collect())
}

/// The account and session of a person in a browser, once their password was right.
///
/// # Errors
/// `not-signed-in` for tokens; `invalid` for a wrong password, which is entered; `too-many-requests`; `conflict` for who has none.
pub(crate) async fn again(
    platform: &Platform,
    caller: &Caller,
    password: SecretText,
) -> Result<(AccountSummary, SessionId)> {
    let Identity::Person { account, session, .. } = &caller.identity else {
        return Err(access::Denial::NotSignedIn.into());
    };
    code::count_try(platform, account.id).await?;
    let found = accounts::find_by_id(&mut platform.control().read().await?, account.id).await?;
    let Some(stored) = found.and_then(|(_, hash)| hash) else {
        let text = "you have no password here; ask whoever runs this appliance";
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    };
    let checked = platform.hash_with(move |hasher| hasher.verify(password.expose(), Some(&stored)));
    if matches!(checked.await?.map_err(vault_failure)?, Verdict::Wrong) {
        let act = Act::access("session.refuse", Object::new("account", account.id));
        let entry = platform.entry(caller, None, &act)?;
        platform.control().begin().await?.commit(&entry, &[]).await?;
        return Err(PlatformError::invalid_at(
            "/password",
            "wrong-password",
            "this is not your password",
        ));
    }
    Ok((account.clone(), *session))
}

/// Unties the caller's own account from a provider. The password stays as the way in, so there must be one.
///
/// # Errors
/// As the check of the password; `not-found` for who is not tied.
pub async fn untie_own(platform: &Platform, caller: &Caller, key: &str, password: SecretText) -> Result<()> {
    let source = provider::source_of(provider::find(platform, key).await?.id);
    let (account, _) = again(platform, caller, password).await?;
    let mut tx = platform.control().begin().await?;
    pending_sign_in::forgive(&mut tx, account.id).await?;
    rows::delete(&mut tx, source, account.id).await?;
    let act = Act::configuration("identity.untie", Object::new("account", account.id)).because(key);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Ties an account to somebody at a provider in advance, at the host.
///
/// # Errors
/// `not-allowed` but for the host; `not-found`; `conflict` for who is tied already.
pub async fn tie(platform: &Platform, caller: &Caller, key: &str, subject: &str, email: &str) -> Result<()> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "accounts are tied in advance at the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let visible = subject
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if subject.is_empty() || subject.len() > 255 || !visible {
        let text = "1 to 255 ASCII characters, as the provider says it in `sub`";
        return Err(PlatformError::invalid_at("/subject", "malformed", text));
    }
    let address = email.parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let found = accounts::find_by_email(&mut platform.control().read().await?, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0;
    tie_in(platform, caller, key, subject, &AccountSummary::of(&account)).await
}

/// Unties an account from a provider, at the host.
///
/// # Errors
/// As [`tie`].
pub async fn untie(platform: &Platform, caller: &Caller, key: &str, email: &str) -> Result<()> {
    if !matches!(caller.identity, Identity::Host) {
        let why = "other people's accounts are untied at the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    let address = email.parse::<EmailAddress>();
    let address =
        address.map_err(|error| PlatformError::invalid_at("/email", "malformed", error.to_string()))?;
    let source = provider::source_of(provider::find(platform, key).await?.id);
    let mut tx = platform.control().begin().await?;
    let found = accounts::find_by_email(&mut tx, &address).await?;
    let account = found.ok_or_else(|| PlatformError::not_found("account"))?.0.id;
    rows::delete(&mut tx, source, account).await?;
    let act = Act::configuration("identity.untie", Object::new("account", account)).because(key);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// Ties, with the entry.
pub(crate) async fn tie_in(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    subject: &str,
    account: &AccountSummary,
) -> Result<()> {
    let source = provider::source_of(provider::find(platform, key).await?.id);
    let mut tx = platform.control().begin().await?;
    lock_account(&mut tx, account.id).await?;
    pending_sign_in::forgive(&mut tx, account.id).await?;
    match rows::insert(&mut tx, source, subject, account.id, platform.now()).await {
        Err(StoreError::Taken { constraint }) => {
            let text = match constraint.as_str() {
                "identity_one_of_source" => {
                    "this account is tied to somebody at this provider; untie it first"
                }
                _ => "somebody else's account is tied to this person at the provider",
            };
            return Err(PlatformError::new(ProblemCode::Conflict, text));
        }
        inserted => inserted?,
    }
    let act = Act::configuration("identity.tie", Object::new("account", account.id)).because(key);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}
