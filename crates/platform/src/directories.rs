//! LDAP directories: set by operators, tested by them, and open to people as a door.
//!
//! Invariants: the service account's password is sealed to its directory, leaves only towards its servers, and goes when host,
//! port, security, authority or account change; so does the key of the client certificate, which leaves nowhere. Which group gives which role is set at the host, or by the
//! organization's own people: an operator has no say in organizations. Start at [`add`].

mod entrance;
mod mapping;
pub mod role_group;
mod stored;
pub mod sync;
mod trial;
mod tries;
mod view;

pub(crate) use entrance::{Received, receive};
pub use mapping::{MappingView, map, mappings, unmap};
pub(crate) use stored::{
    bind_secret, first_sign_in_of, is_synced_since, reachable_settings, settings_of, source_of,
};
pub(crate) use trial::look_at;
pub use trial::{Draft, Explained, ExplainedGroup, Health, explain, health, test, test_draft};
pub(crate) use tries::Tries;
pub use view::{DirectoryChange, DirectoryView, NewDirectory};

use crate::{
    Caller, Platform,
    act::{Act, Object, vault_failure},
    caller::Identity,
    error::{PlatformError, Result},
    operator, session,
    source::{self, newcomer},
    workspace::random,
};
use directory::{
    Settings,
    settings::{Security, ServiceProof},
};
use store::control::{
    directory::{self as rows, Directory as Row},
    identity,
};
use stored::{check_key, open_key, seal_key, seal_secret};
use types::{ProblemCode, SourceId};
use view::view;

pub use crate::source::Newcomer;
pub use directory::{report::Stage, service, settings};
pub use store::control::directory::DirectoryState;

/// The word for it in answers.
const WHAT: &str = "directory";

fn checked(settings: &Settings) -> Result<()> {
    settings
        .check()
        .map_err(|failure| PlatformError::invalid_at("/settings", "not-possible", failure.to_string()))
}

pub(crate) async fn find(platform: &Platform, key: &str) -> Result<Row> {
    let found = rows::find(&mut platform.control().read().await?, key).await?;
    found.ok_or_else(|| PlatformError::not_found(WHAT))
}

/// Every directory.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<DirectoryView>> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let mut views = Vec::new();
    for row in rows::list(&mut read).await? {
        let people = identity::count(&mut read, source_of(row.id)).await?;
        views.push(view(row, people)?);
    }
    Ok(views)
}

/// One directory.
///
/// # Errors
/// As [`list`]; `not-found`.
pub async fn get(platform: &Platform, caller: &Caller, key: &str) -> Result<DirectoryView> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let people = identity::count(&mut platform.control().read().await?, source_of(row.id)).await?;
    view(row, people)
}

/// Adds a directory. Nobody asks it anything yet; [`test`] does.
///
/// # Errors
/// `invalid` at the setting at fault; `already-taken` for the key; `conflict` when there are as many as there may be;
/// `not-allowed`; `proof-required`.
pub async fn add(platform: &Platform, caller: &Caller, new: NewDirectory) -> Result<DirectoryView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    source::check_key(&new.key)?;
    checked(&new.settings)?;
    require_host_for_plain(caller, None, &new.settings)?;
    let now = platform.now();
    let id = SourceId::new(platform.now_ms(), random()?);
    let secret = new.secret.as_ref();
    if secret.is_some() {
        check_secret(&new.settings)?;
    }
    let row = Row {
        id,
        key: new.key,
        state: DirectoryState::Active,
        settings: serde_json::to_value(&new.settings).map_err(vault_failure)?,
        secret: secret
            .map(|secret| seal_secret(platform, id, secret))
            .transpose()?,
        client_key: new
            .client_key
            .as_ref()
            .map(|key| seal_key(platform, id, &new.settings, key))
            .transpose()?,
        first_sign_in: new.first_sign_in.as_str().to_owned(),
        last_sync: None,
        created_at: now,
        changed_at: now,
    };
    let mut tx = platform.control().begin().await?;
    let there_are = rows::list(&mut tx).await?.len();
    source::check_room(there_are, rows::DIRECTORIES_MAX, "directories")?;
    source::inserted(rows::insert(&mut tx, &row).await, WHAT, &row.key)?;
    let act = Act::configuration("directory.add", Object::new(WHAT, &row.key));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    view(row, 0)
}

/// Changes a directory. Another host, port, security, authority or account takes the password along: whoever has it
/// answered for the old ones.
///
/// # Errors
/// As [`add`]; `conflict` when somebody changed it meanwhile.
pub async fn alter(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    change: DirectoryChange,
) -> Result<DirectoryView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let mut row = find(platform, key).await?;
    let before = row.changed_at;
    if let Some(state) = change.state {
        row.state = state;
    }
    if let Some(first) = change.first_sign_in {
        first.as_str().clone_into(&mut row.first_sign_in);
    }
    if let Some(settings) = &change.settings {
        require_host_for_plain(caller, Some(settings_of(&row)?.security), settings)?;
        set_settings(platform, &mut row, settings)?;
    }
    if let Some(secret) = &change.secret {
        check_secret(&settings_of(&row)?)?;
        row.secret = Some(seal_secret(platform, row.id, secret)?);
    }
    if let Some(key) = &change.client_key {
        row.client_key = Some(seal_key(platform, row.id, &settings_of(&row)?, key)?);
    }
    row.changed_at = platform.now();
    let mut tx = platform.control().begin().await?;
    source::updated(rows::update(&mut tx, &row, before).await, WHAT)?;
    let told = change.told();
    let act = Act::configuration("directory.alter", Object::new(WHAT, key)).because(&told);
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    get(platform, caller, key).await
}

/// Without TLS everybody's password crosses the network readable: that is decided at the host, with the command's own question.
fn require_host_for_plain(caller: &Caller, before: Option<Security>, settings: &Settings) -> Result<()> {
    let begins = settings.security == Security::Plain && before != Some(Security::Plain);
    if begins && !matches!(caller.identity, Identity::Host) {
        let why = "a directory without TLS is set on the host only: strongroom directory add, alter";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    Ok(())
}

/// A password is taken only where it is used.
fn check_secret(settings: &Settings) -> Result<()> {
    match settings.service_proof {
        ServiceProof::Password => Ok(()),
        ServiceProof::Certificate => {
            let text = "the service account proves itself by the client certificate and has no password here";
            Err(PlatformError::invalid_at("/secret", "not-possible", text))
        }
    }
}

fn set_settings(platform: &Platform, row: &mut Row, settings: &Settings) -> Result<()> {
    checked(settings)?;
    let old = settings_of(row)?;
    // A password that nothing is proved with is kept by nobody.
    if old.exposes_secret(settings) || settings.service_proof == ServiceProof::Certificate {
        row.secret = None;
    }
    let key = open_key(platform, row)?;
    if old.goes_elsewhere(settings) || key.is_some_and(|key| check_key(settings, &key).is_err()) {
        row.client_key = None;
    }
    if old.attributes.id != settings.attributes.id {
        let text =
            "the identifying attribute stays: people are known by it; remove the directory and add it anew";
        let pointer = "/settings/attributes/id";
        return Err(PlatformError::invalid_at(pointer, "not-possible", text));
    }
    row.settings = serde_json::to_value(settings).map_err(vault_failure)?;
    Ok(())
}

/// Removes a directory with every identity there; accounts and memberships stay, and whom it barred stays barred. Answers how
/// many accounts were known by it.
///
/// # Errors
/// As [`get`]; `proof-required`.
pub async fn remove(platform: &Platform, caller: &Caller, key: &str) -> Result<usize> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    let row = find(platform, key).await?;
    let mut tx = platform.control().begin().await?;
    let people = identity::delete_all_of(&mut tx, source_of(row.id)).await?;
    rows::delete(&mut tx, row.id).await?;
    let act = Act::configuration("directory.remove", Object::new(WHAT, key));
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    Ok(people)
}

/// Who waits to be let in by a directory, oldest first.
///
/// # Errors
/// As [`get`].
pub async fn newcomers(platform: &Platform, caller: &Caller, key: &str) -> Result<Vec<Newcomer>> {
    operator::require(caller)?;
    newcomer::list(platform, caller, source_of(find(platform, key).await?.id)).await
}

/// Gives somebody who waits an account of this address, which nobody may have yet. Their groups give them their roles when they
/// sign in next.
///
/// # Errors
/// `not-found`; `already-taken` for the address; `invalid`; `not-allowed`; `proof-required`.
pub async fn let_in(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    subject: &str,
    email: &str,
) -> Result<()> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    newcomer::let_in(platform, caller, source, key, subject, email).await
}

/// Takes somebody off the list; they may ask again.
///
/// # Errors
/// As [`let_in`].
pub async fn turn_away(platform: &Platform, caller: &Caller, key: &str, subject: &str) -> Result<()> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    newcomer::turn_away(platform, caller, source, key, subject).await
}

/// Notes an outcome for operators to see.
pub(crate) async fn note(platform: &Platform, row: &Row, outcome: &sync::Outcome) -> Result<()> {
    let value = serde_json::to_value(outcome).map_err(vault_failure)?;
    rows::note_sync(&mut platform.control().keep().await?, row.id, &value).await?;
    Ok(())
}
