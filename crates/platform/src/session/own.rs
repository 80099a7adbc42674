//! The caller's own sessions: where somebody is signed in, and ending one.

use super::rows;
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

/// Ends one of the caller's own sessions.
///
/// # Errors
/// `not-found` for what is not the caller's own.
pub async fn end_own(platform: &Platform, caller: &Caller, id: SessionId) -> Result<()> {
    if !list_own(platform, caller).await?.iter().any(|own| own.id == id) {
        return Err(PlatformError::not_found("session"));
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
