//! LDAP directories: set by operators, tested by them, and open to people as a door.
//!
//! Invariants: the service account's password is sealed to its directory, leaves only towards its servers, and goes when host,
//! port, security, authority or account change. Which group gives which role is set at the host: an operator has no say in
//! organizations. Start at [`add`].

mod entrance;
mod mapping;
pub mod sync;
mod tries;

pub(crate) use entrance::{Received, receive};
pub use mapping::{MappingView, map, mappings, unmap};
pub(crate) use tries::Tries;

use crate::{
    Caller, Platform,
    act::{Act, Object, vault_failure},
    error::{PlatformError, Result},
    operator, outgoing,
    provider::FirstSignIn,
    workspace::random,
};
use directory::{Settings, report::Report, settings::Reach};
use jiff::Timestamp;
use store::{
    StoreError,
    control::{
        directory::{self as rows, Directory as Row},
        identity::{self, Source, SourceKind},
    },
};
use types::{ProblemCode, SourceId};
use vault::{Purpose, SecretText, seal};

pub use directory::{report::Stage, settings};
pub use store::control::directory::DirectoryState;

/// A directory to be added.
#[derive(Debug)]
pub struct NewDirectory {
    /// Its name in commands: small letters, digits and hyphens.
    pub key: String,
    /// How it is reached and read.
    pub settings: Settings,
    /// The service account's password.
    pub secret: Option<SecretText>,
    /// What becomes of newcomers.
    pub first_sign_in: FirstSignIn,
}

/// What is to be different about a directory.
#[derive(Debug, Default)]
pub struct DirectoryChange {
    /// Opened or closed.
    pub state: Option<DirectoryState>,
    /// Other settings, all of them.
    pub settings: Option<Settings>,
    /// Another password of the service account.
    pub secret: Option<SecretText>,
    /// Something else for newcomers.
    pub first_sign_in: Option<FirstSignIn>,
}

/// A directory, as operators see it.
#[derive(Debug, Clone)]
pub struct DirectoryView {
    /// Its name in commands.
    pub key: String,
    /// Whether its people may sign in.
    pub state: DirectoryState,
    /// How it is reached and read.
    pub settings: Settings,
    /// Is the service account's password here?
    pub has_secret: bool,
    /// What becomes of newcomers.
    pub first_sign_in: FirstSignIn,
    /// How many accounts it is known for.
    pub people: i64,
    /// What came of the last sync, if there was one.
    pub last_sync: Option<sync::Outcome>,
}

/// The source that a directory is.
pub(crate) fn source_of(id: SourceId) -> Source {
    Source {
        kind: SourceKind::Directory,
        id,
    }
}

/// Where a directory's secret is sealed to.
fn place_of(id: SourceId) -> Vec<u8> {
    [b"directory:".as_slice(), &id.bytes()].concat()
}

fn seal_secret(platform: &Platform, id: SourceId, secret: &SecretText) -> Result<Vec<u8>> {
    let length = secret.expose().len();
    if !(1..=1_000).contains(&length) || secret.expose().contains(['\0', '\n', '\r']) {
        let text = "1 to 1000 bytes on one line";
        return Err(PlatformError::invalid_at("/secret", "malformed", text));
    }
    let key = platform.appliance_keys().current(Purpose::DatabaseCredential);
    seal::seal(key, &place_of(id), secret.expose().as_bytes()).map_err(vault_failure)
}

/// The service account's password, where there is one.
pub(crate) fn open_secret(platform: &Platform, row: &Row) -> Result<Option<SecretText>> {
    let Some(sealed) = &row.secret else {
        return Ok(None);
    };
    let keys = platform.appliance_keys();
    let opened = seal::open(keys, Purpose::DatabaseCredential, &place_of(row.id), sealed);
    let text = String::from_utf8(opened.map_err(vault_failure)?.to_vec()).map_err(vault_failure)?;
    Ok(Some(SecretText::new(text)))
}

/// The settings as they are stored, to look at or to change.
pub(crate) fn settings_of(row: &Row) -> Result<Settings> {
    serde_json::from_value(row.settings.clone()).map_err(vault_failure)
}

/// The settings to connect with: each server at the addresses that root looked up, or not at all where no setting names it.
/// What is on this machine is no outgoing connection.
pub(crate) fn reachable_settings(platform: &Platform, row: &Row) -> Result<Settings> {
    let mut settings = settings_of(row)?;
    let ports: Vec<u16> = settings
        .servers
        .iter()
        .map(|server| settings.port_of(server))
        .collect();
    for (server, port) in settings.servers.iter_mut().zip(ports) {
        server.reach = match server.host.as_str() {
            "localhost" | "127.0.0.1" | "::1" => Reach::Lookup,
            host => match outgoing::addresses(platform, host, port) {
                Ok(addresses) => Reach::At(addresses),
                Err(error) => Reach::Closed(error.detail),
            },
        };
    }
    Ok(settings)
}

pub(crate) fn first_sign_in_of(row: &Row) -> FirstSignIn {
    match row.first_sign_in.as_str() {
        "create" => FirstSignIn::Create,
        "wait" => FirstSignIn::Wait,
        _ => FirstSignIn::Refuse,
    }
}

fn checked(settings: &Settings) -> Result<()> {
    settings
        .check()
        .map_err(|failure| PlatformError::invalid_at("/settings", "not-possible", failure.to_string()))
}

pub(crate) async fn find(platform: &Platform, key: &str) -> Result<Row> {
    let found = rows::find(&mut platform.control().read().await?, key).await?;
    found.ok_or_else(|| PlatformError::not_found("directory"))
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

fn view(row: Row, people: i64) -> Result<DirectoryView> {
    let last_sync = row
        .last_sync
        .clone()
        .map(serde_json::from_value)
        .transpose()
        .map_err(vault_failure)?;
    Ok(DirectoryView {
        settings: settings_of(&row)?,
        first_sign_in: first_sign_in_of(&row),
        has_secret: row.secret.is_some(),
        key: row.key,
        state: row.state,
        people,
        last_sync,
    })
}

/// Adds a directory. Nobody asks it anything yet; [`test`] does.
///
/// # Errors
/// `invalid` at the setting at fault; `already-taken` for the key; `not-allowed`.
pub async fn add(platform: &Platform, caller: &Caller, new: NewDirectory) -> Result<DirectoryView> {
    operator::require(caller)?;
    crate::provider::check_key(&new.key)?;
    checked(&new.settings)?;
    let now = platform.now();
    let id = SourceId::new(platform.now_ms(), random()?);
    let row = Row {
        id,
        key: new.key,
        state: DirectoryState::Active,
        settings: serde_json::to_value(&new.settings).map_err(vault_failure)?,
        secret: new
            .secret
            .as_ref()
            .map(|secret| seal_secret(platform, id, secret))
            .transpose()?,
        first_sign_in: new.first_sign_in.as_str().to_owned(),
        last_sync: None,
        created_at: now,
        changed_at: now,
    };
    let mut tx = platform.control().begin().await?;
    if rows::list(&mut tx).await?.len() >= usize::try_from(rows::DIRECTORIES_MAX).unwrap_or(usize::MAX) {
        tx.close().await?;
        let text = format!("at most {} directories are possible", rows::DIRECTORIES_MAX);
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    }
    match rows::insert(&mut tx, &row).await {
        Err(StoreError::Taken { .. }) => {
            let text = format!("there is a directory {} already", row.key);
            return Err(PlatformError::new(ProblemCode::Taken, text));
        }
        inserted => inserted?,
    }
    let act = Act::configuration("directory.add", Object::new("directory", &row.key));
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
    let mut row = find(platform, key).await?;
    let before = row.changed_at;
    if let Some(state) = change.state {
        row.state = state;
    }
    if let Some(first) = change.first_sign_in {
        first.as_str().clone_into(&mut row.first_sign_in);
    }
    if let Some(settings) = &change.settings {
        checked(settings)?;
        let old = settings_of(&row)?;
        if old.exposes_secret(settings) {
            row.secret = None;
        }
        if old.attributes.id != settings.attributes.id {
            let text = "the identifying attribute stays: people are known by it; remove the directory and add it anew";
            return Err(PlatformError::invalid_at(
                "/settings/attributes/id",
                "not-possible",
                text,
            ));
        }
        row.settings = serde_json::to_value(settings).map_err(vault_failure)?;
    }
    if let Some(secret) = &change.secret {
        row.secret = Some(seal_secret(platform, row.id, secret)?);
    }
    row.changed_at = platform.now();
    let mut tx = platform.control().begin().await?;
    match rows::update(&mut tx, &row, before).await {
        Err(StoreError::NotFound) => {
            tx.close().await?;
            let text = "the directory was changed meanwhile; look at it again";
            return Err(PlatformError::new(ProblemCode::Conflict, text));
        }
        updated => updated?,
    }
    let told = told(&change);
    let act = Act::configuration("directory.alter", Object::new("directory", key)).because(&told);
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    get(platform, caller, key).await
}

/// What an entry says of a change: which parts, never their values.
fn told(change: &DirectoryChange) -> String {
    let parts = [
        change.state.map(DirectoryState::as_str),
        change.settings.is_some().then_some("settings"),
        change.secret.is_some().then_some("secret"),
        change.first_sign_in.map(FirstSignIn::as_str),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Removes a directory with every identity there; accounts and memberships stay, and whom it barred stays barred. Answers how
/// many accounts were known by it.
///
/// # Errors
/// As [`get`].
pub async fn remove(platform: &Platform, caller: &Caller, key: &str) -> Result<usize> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let mut tx = platform.control().begin().await?;
    let people = identity::delete_all_of(&mut tx, source_of(row.id)).await?;
    rows::delete(&mut tx, row.id).await?;
    let act = Act::configuration("directory.remove", Object::new("directory", key));
    tx.commit(&platform.entry(caller, None, &act)?, &[]).await?;
    Ok(people)
}

/// A person as `test` and `explain` tell of them.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The name in the directory.
    pub dn: String,
    /// The groups.
    pub groups: Vec<ExplainedGroup>,
    /// The roles that result.
    pub roles: Vec<(String, access::Role)>,
}

/// A group of such a person.
#[derive(Debug, Clone)]
pub struct ExplainedGroup {
    /// Its name.
    pub group: String,
    /// The group through which the person is in it, if not directly.
    pub through: Option<String>,
    /// What it gives: organizations and roles.
    pub gives: Vec<(String, access::Role)>,
}

/// Tests a directory stage by stage, and tells which group gives a person which role.
///
/// # Errors
/// As [`get`].
pub async fn test(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    login: Option<&str>,
) -> Result<(Vec<Stage>, Option<Explained>)> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let report = look_at(platform, &row, login).await?;
    let explained = match &report.person {
        Some((person, groups)) => Some(mapping::explain(platform, row.id, &person.dn, groups).await?),
        None => None,
    };
    Ok((report.stages, explained))
}

/// The same, for the promise and the doctor.
pub(crate) async fn look_at(platform: &Platform, row: &Row, login: Option<&str>) -> Result<Report> {
    let secret = open_secret(platform, row)?;
    Ok(directory::report::test(
        &reachable_settings(platform, row)?,
        secret.as_ref(),
        login,
        platform.now(),
    )
    .await)
}

/// Notes an outcome for operators to see.
pub(crate) async fn note(platform: &Platform, row: &Row, outcome: &sync::Outcome) -> Result<()> {
    let value = serde_json::to_value(outcome).map_err(vault_failure)?;
    rows::note_sync(&mut platform.control().keep().await?, row.id, &value).await?;
    Ok(())
}

/// Was the last whole look at a directory at this time or later?
pub(crate) fn is_synced_since(row: &Row, since: Timestamp) -> bool {
    let outcome = row
        .last_sync
        .clone()
        .and_then(|value| serde_json::from_value::<sync::Outcome>(value).ok());
    outcome.is_some_and(|outcome| outcome.at >= since)
}
