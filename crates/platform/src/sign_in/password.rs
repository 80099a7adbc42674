//! The door for whoever types a password: their own here, or the one that they have at a directory.
//!
//! Invariant: whoever has a password here is asked for that one and nothing else, so no directory holds them up.

use super::{Admission, Door, Proven, Rehash, admit, directory, note_refusal, refused};
use crate::{Platform, caller::Origin, error::Result};
use std::time::Duration;
use store::control::account::{self, AccountState};
use tokio::time::Instant;
use types::EmailAddress;
use vault::{SecretText, Verdict};

/// A refusal takes at least so long, whatever it was that did not fit: longer than a verification, a lookup and an entry
/// together, so that their differences do not show.
const REFUSAL: Duration = Duration::from_millis(400);

/// Signs a person in with a password. `login` is an e-mail address, or what a directory takes for a login name.
///
/// # Errors
/// `not-signed-in`, with the same sentence for every cause.
pub async fn with_password(
    platform: &Platform,
    origin: Origin,
    login: &str,
    password: SecretText,
) -> Result<Admission> {
    let begun = Instant::now();
    let directories = directory::open(platform).await?;
    let typed = SecretText::new(password.expose().to_owned());
    let proven = match prove(platform, login, password).await? {
        Checked::Proven(proven) => Some(*proven),
        Checked::Refused => None,
        Checked::NoPassword => {
            directory::prove(platform, &origin, &directories, login.trim(), &typed).await?
        }
    };
    if let Some(proven) = proven {
        return admit(platform, origin, proven).await;
    }
    note_refusal(platform, origin).await?;
    let least = if directories.is_empty() {
        REFUSAL
    } else {
        directory::REFUSAL
    };
    tokio::time::sleep_until(begun + least).await;
    Err(refused())
}

/// What the password here says.
enum Checked {
    Proven(Box<Proven>),
    /// It is wrong, or its holder may not sign in.
    Refused,
    /// Nobody of that name has one.
    NoPassword,
}

/// Who it is, if the password is theirs and they may sign in. Unknown names cost a verification as well.
async fn prove(platform: &Platform, login: &str, password: SecretText) -> Result<Checked> {
    let found = match login.trim().parse::<EmailAddress>() {
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
    if old.is_none() {
        return Ok(Checked::NoPassword);
    }
    let active = found.filter(|(account, _)| right && account.state == AccountState::Active);
    Ok(active.map_or(Checked::Refused, |(account, _)| {
        let door = Door::Password;
        let rehash = old.zip(stronger).map(|(old, new)| Rehash { old, new });
        Checked::Proven(Box::new(Proven {
            account,
            door,
            factor: None,
            rehash,
        }))
    }))
}
