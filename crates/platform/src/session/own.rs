//! The caller's own sessions: where somebody is signed in, and ending them.

use super::{require_fresh, rows};
use crate::{
    Platform,
    act::{Act, Object},
    caller::{Caller, Identity},
    error::{PlatformError, Result},
};
use jiff::Timestamp;
use types::SessionId;

/// A session of the caller's own.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// From which address it began.
    pub address: String,
    /// With which device.
    pub device: String,
    /// Is it the one that asks?
    pub current: bool,
}

/// The caller's own sessions, newest first.
///
/// # Errors
/// `not-signed-in`.
pub async fn list_own(platform: &Platform, caller: &Caller) -> Result<Vec<SessionView>> {
    let current = match &caller.identity {
        Identity::Person { session, .. } => Some(*session),
        _ => None,
    };
    let account = caller.account().ok_or(access::Denial::NotSignedIn)?.id;
    let found = rows::list_of(&mut platform.control().read().await?, account, platform.now()).await?;
    let view = |row: rows::Session| SessionView {
        current: current == Some(row.id),
        id: row.id,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        address: row.address,
        device: row.device,
    };
    Ok(found.into_iter().map(view).collect())
}

/// Ends one of the caller's own sessions. Another one than the one that asks is ended after a proof only: whoever finds a browser
/// open should not be able to put its holder out everywhere else.
///
/// # Errors
/// `not-found` for what is not the caller's own; `proof-required`.
pub async fn end_own(platform: &Platform, caller: &Caller, id: SessionId) -> Result<()> {
    let own = list_own(platform, caller).await?;
    let Some(found) = own.into_iter().find(|own| own.id == id) else {
        return Err(PlatformError::not_found("session"));
    };
    if !found.current {
        require_fresh(platform, caller)?;
    }
    let mut tx = platform.control().begin().await?;
    rows::end(&mut tx, id, platform.now()).await?;
    let entry = platform.entry(
        caller,
        None,
        &Act::access("session.end", Object::new("session", id)),
    )?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(())
}

/// Ends every session of the caller's but the one that asks, after a proof; answers how many.
///
/// # Errors
/// `not-signed-in`; `proof-required`.
pub async fn end_others(platform: &Platform, caller: &Caller) -> Result<usize> {
    let Identity::Person { account, session, .. } = &caller.identity else {
        return Err(access::Denial::NotSignedIn.into());
    };
    require_fresh(platform, caller)?;
    let mut tx = platform.control().begin().await?;
    let ended = rows::end_others_of(&mut tx, account.id, *session, platform.now()).await?;
    let reason = format!("{ended} others than the one that asked");
    let act = Act::access("session.end", Object::new("account", account.id)).because(&reason);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    platform.known().clear();
    Ok(ended)
}
