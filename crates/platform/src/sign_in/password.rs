//! The door for whoever has a password here.

use super::{Admission, Door, Proven, Rehash, admit, note_refusal, refused};
use crate::{Platform, caller::Origin, error::Result};
use std::time::Duration;
use store::control::account::{self, AccountState};
use tokio::time::Instant;
use types::EmailAddress;
use vault::{SecretText, Verdict};

/// A refusal takes at least so long, whatever it was that did not fit: longer than a verification, a lookup and an entry
/// together, so that their differences do not show.
const REFUSAL: Duration = Duration::from_millis(400);

/// Signs a person in with a password.
///
/// # Errors
/// `not-signed-in`, with the same sentence for every cause.
pub async fn with_password(
    platform: &Platform,
    origin: Origin,
    email: &str,
    password: SecretText,
) -> Result<Admission> {
    let begun = Instant::now();
    match prove(platform, email, password).await? {
        Some(proven) => admit(platform, origin, proven).await,
        None => {
            note_refusal(platform, origin).await?;
            tokio::time::sleep_until(begun + REFUSAL).await;
            Err(refused())
        }
    }
}

/// Who it is, if the password is theirs and they may sign in. Unknown names cost a verification as well.
async fn prove(platform: &Platform, email: &str, password: SecretText) -> Result<Option<Proven>> {
    let found = match email.trim().parse::<EmailAddress>() {
        Ok(email) => account::find_by_email(&mut platform.control().read().await?, &email).await?,
        Err(_) => None,
    };
    let stored = found.as_ref().and_then(|(_, hash)| hash.clone());
    let old = stored.clone();
    let checked = platform.hash_with(move |hasher| {
        let verdict = hasher.verify(password.expose(), stored.as_deref());
        let stronger = match &verdict {
            Ok(Verdict::RightButWeak) => hasher.hash(password.expose()).ok(),
            _ => None,
        };
        (verdict, stronger)
    });
    let (verdict, stronger) = checked.await?;
    let right = matches!(verdict, Ok(Verdict::Right | Verdict::RightButWeak));
    let active = found.filter(|(account, _)| right && account.state == AccountState::Active);
    Ok(active.map(|(account, _)| Proven {
        account,
        door: Door::Password,
        factor: None,
        rehash: old.zip(stronger).map(|(old, new)| Rehash { old, new }),
    }))
}
