//! The door for whoever has a password at a directory.
//!
//! Invariants: nobody with a password here comes this way, so a directory that hangs holds up only its own people; a typed
//! password is compared at one directory, once; whatever goes wrong, the person reads the one sentence of every refusal.

use super::{Door, Proven};
use crate::{
    Platform,
    caller::Origin,
    directories::{Received, bind_secret, reachable_settings, receive},
    error::Result,
};
use directory::{Outcome, Refusal, sign_in};
use std::time::{Duration, Instant};
use store::control::{
    account::AccountState,
    directory::{self as rows, Directory as Row, DirectoryState},
};
use vault::SecretText;

/// How long a refusal takes at least where there are directories: about as long as asking one does.
pub(super) const REFUSAL: Duration = Duration::from_secs(1);

/// The directories that people may sign in by.
pub(super) async fn open(platform: &Platform) -> Result<Vec<Row>> {
    let found = rows::list(&mut platform.control().read().await?).await?;
    Ok(found
        .into_iter()
        .filter(|row| row.state == DirectoryState::Active)
        .collect())
}

/// Who it is, if a directory knows the name and the password is right there.
pub(super) async fn prove(
    platform: &Platform,
    origin: &Origin,
    directories: &[Row],
    login: &str,
    password: &SecretText,
) -> Result<Option<Proven>> {
    if password.expose().is_empty() {
        return Ok(None);
    }
    for row in directories {
        match ask(platform, origin, row, login, password).await? {
            Asked::Elsewhere => {}
            Asked::Proven(proven) => return Ok(Some(*proven)),
            Asked::Refused => return Ok(None),
        }
    }
    Ok(None)
}

enum Asked {
    /// It does not know the name, or cannot be asked for it; no password was compared.
    Elsewhere,
    Proven(Box<Proven>),
    Refused,
}

async fn ask(
    platform: &Platform,
    origin: &Origin,
    row: &Row,
    login: &str,
    password: &SecretText,
) -> Result<Asked> {
    let settings = reachable_settings(platform, row)?;
    let Some(secret) = bind_secret(platform, row, &settings)? else {
        tracing::warn!(
            directory = row.key,
            "a sign-in passed a directory by: its service account has no password here"
        );
        return Ok(Asked::Elsewhere);
    };
    let now = platform.now();
    let found = match sign_in::find(platform.directories(), &settings, &secret, login, now).await {
        Ok(Ok(found)) => found,
        Ok(Err(Refusal::Unknown)) => return Ok(Asked::Elsewhere),
        Ok(Err(refusal)) => return Ok(refuse(row, refusal)),
        Err(failure) => {
            tracing::error!(
                directory = row.key,
                alert = true,
                "a directory cannot be asked: {failure}"
            );
            return Ok(Asked::Elsewhere);
        }
    };
    let person = found.id.clone().unwrap_or_else(|| login.to_lowercase());
    if !platform.directory_tries().take(row.id, &person, Instant::now()) {
        tracing::warn!(
            directory = row.key,
            person,
            "no more tries, before the directory locks the person"
        );
        return Ok(Asked::Refused);
    }
    let (person_in, groups) = match found.prove(&settings, password, now).await {
        Ok(Outcome::Proven(person, groups)) => (person, groups),
        Ok(Outcome::Refused(refusal)) => return Ok(refuse(row, refusal)),
        Err(failure) => {
            tracing::error!(
                directory = row.key,
                alert = true,
                "a directory cannot be asked: {failure}"
            );
            return Ok(Asked::Refused);
        }
    };
    platform.directory_tries().forgive(row.id, &person);
    match receive(platform, origin, row, &person_in, &groups).await? {
        Received::Account(account) if account.state == AccountState::Active => {
            Ok(Asked::Proven(Box::new(Proven {
                account,
                door: Door::Directory,
                factor: None,
                rehash: None,
            })))
        }
        Received::Account(account) => {
            tracing::warn!(directory = row.key, account = %account.id, "a disabled account was refused");
            Ok(Asked::Refused)
        }
        Received::TurnedAway(why) => {
            tracing::warn!(
                directory = row.key,
                person = person_in.id,
                "a newcomer was turned away: {why}"
            );
            Ok(Asked::Refused)
        }
    }
}

fn refuse(row: &Row, refusal: Refusal) -> Asked {
    tracing::warn!(directory = row.key, "a directory's person was refused: {refusal}");
    Asked::Refused
}
