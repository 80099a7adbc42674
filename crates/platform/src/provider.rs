//! OpenID providers: set by operators, tested by them, and open to people as doors.
//!
//! Invariants: a provider's issuer never changes, since identities are that issuer's; our secret there is sealed, leaves
//! only towards the provider, and goes when the authority that vouches for the provider changes. An operator opens doors
//! and lets newcomers in, but gives nobody a place in an organization: that is done at the host. Start at [`add`].

mod clients;
mod settings;

pub(crate) use clients::{Clients, ask, client_of, words};
pub use openid::{Algorithm, Preset, Report, Stage, Verdict};
pub use settings::{DefaultMembership, FirstSignIn, ProviderSettings};

use crate::{
    Caller, Platform,
    account::{self, NewPerson},
    act::{Act, Object},
    caller::Identity,
    error::{PlatformError, Result},
    operator,
    organization::checked_name,
    workspace::random,
};
use jiff::Timestamp;
use store::{
    StoreError,
    control::{
        identity::{self, Source, SourceKind},
        openid::{self as rows, Provider as Row},
    },
};
use types::{ProblemCode, SourceId};
use vault::SecretText;

pub use store::control::openid::ProviderState;

/// Most characters of a label.
const LABEL_LENGTH_MAX: usize = 80;

/// A provider to be added.
#[derive(Debug)]
pub struct NewProvider {
    /// Its name in addresses: small letters, digits and hyphens.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Its issuer.
    pub issuer: String,
    /// The rest.
    pub settings: ProviderSettings,
    /// Our secret there.
    pub secret: Option<SecretText>,
}

/// What is to be different about a provider.
#[derive(Debug, Default)]
pub struct ProviderChange {
    /// Another label.
    pub label: Option<String>,
    /// Opened or closed.
    pub state: Option<ProviderState>,
    /// Other settings, all of them.
    pub settings: Option<ProviderSettings>,
    /// Another secret.
    pub secret: Option<SecretText>,
}

/// A provider, as operators see it.
#[derive(Debug, Clone)]
pub struct ProviderView {
    /// Its name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// Whether people may come in by it.
    pub state: ProviderState,
    /// Its issuer.
    pub issuer: String,
    /// The address to allow there, the only one that it may send browsers back to.
    pub redirect_uri: String,
    /// The rest of its settings.
    pub settings: ProviderSettings,
    /// Do we have a secret there?
    pub has_secret: bool,
    /// How many accounts it is known for.
    pub people: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A way in, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The provider's name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Who, at the provider.
    pub subject: String,
    /// What the provider calls them.
    pub name: Option<String>,
    /// Their address, as the provider says.
    pub email: Option<String>,
    /// Since when.
    pub asked_at: Timestamp,
}

/// The source that a provider is.
pub(crate) fn source_of(id: SourceId) -> Source {
    Source {
        kind: SourceKind::OpenId,
        id,
    }
}

/// Where a provider sends browsers back to: an address of its own, so that the answer of one is never taken for another's.
pub(crate) fn redirect_uri(platform: &Platform, key: &str) -> String {
    format!("{}/callback/{key}", platform.settings().base_url)
}

/// The ways in that are open, for whoever stands at the door.
///
/// # Errors
/// `unavailable`.
pub async fn doors(platform: &Platform) -> Result<Vec<Door>> {
    let found = rows::list(&mut platform.control().read().await?).await?;
    let open = found.into_iter().filter(|row| row.state == ProviderState::Active);
    Ok(open.map(|Row { key, label, .. }| Door { key, label }).collect())
}

/// Every provider.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for who is no operator.
pub async fn list(platform: &Platform, caller: &Caller) -> Result<Vec<ProviderView>> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let mut views = Vec::new();
    for row in rows::list(&mut read).await? {
        let people = identity::count(&mut read, source_of(row.id)).await?;
        views.push(view(platform, row, people)?);
    }
    Ok(views)
}

/// One provider.
///
/// # Errors
/// As [`list`]; `not-found`.
pub async fn get(platform: &Platform, caller: &Caller, key: &str) -> Result<ProviderView> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let people = identity::count(&mut platform.control().read().await?, source_of(row.id)).await?;
    view(platform, row, people)
}

fn view(platform: &Platform, row: Row, people: i64) -> Result<ProviderView> {
    let settings = serde_json::from_value(row.settings).map_err(crate::act::vault_failure)?;
    Ok(ProviderView {
        redirect_uri: redirect_uri(platform, &row.key),
        key: row.key,
        label: row.label,
        state: row.state,
        issuer: row.issuer,
        settings,
        has_secret: row.secret.is_some(),
        people,
        created_at: row.created_at,
        changed_at: row.changed_at,
    })
}

pub(crate) async fn find(platform: &Platform, key: &str) -> Result<Row> {
    let found = rows::find(&mut platform.control().read().await?, key).await?;
    found.ok_or_else(|| PlatformError::not_found("provider"))
}

/// Adds a provider. Nobody asks it anything yet; [`test`] does.
///
/// # Errors
/// `invalid` at the setting at fault; `already-taken` for the key; `not-allowed`.
pub async fn add(platform: &Platform, caller: &Caller, new: NewProvider) -> Result<ProviderView> {
    operator::require(caller)?;
    check_key(&new.key)?;
    let label = checked_label(&new.label)?;
    require_host_for_membership(caller, None, &new.settings)?;
    // The provider is made for its checks alone.
    new.settings.provider(&new.issuer, None)?;
    let now = platform.now();
    let id = SourceId::new(platform.now_ms(), random()?);
    let row = Row {
        id,
        key: new.key,
        label,
        state: ProviderState::Active,
        issuer: new.issuer,
        settings: serde_json::to_value(&new.settings).map_err(crate::act::vault_failure)?,
        secret: match &new.secret {
            Some(secret) => Some(clients::seal_secret(platform, id, checked_secret(secret)?)?),
            None => None,
        },
        created_at: now,
        changed_at: now,
    };
    client_of(platform, &row)?;
    let mut tx = platform.control().begin().await?;
    if rows::list(&mut tx).await?.len() >= usize::try_from(rows::PROVIDERS_MAX).unwrap_or(usize::MAX) {
        tx.close().await?;
        let text = format!("at most {} providers are possible", rows::PROVIDERS_MAX);
        return Err(PlatformError::new(ProblemCode::Conflict, text));
    }
    match rows::insert(&mut tx, &row).await {
        Err(StoreError::Taken { .. }) => {
            let text = format!("there is a provider {} already", row.key);
            return Err(PlatformError::new(ProblemCode::Taken, text));
        }
        inserted => inserted?,
    }
    let act = Act::configuration("provider.add", Object::new("provider", &row.key));
    let entry = platform.entry(caller, None, &act.because(&row.issuer))?;
    tx.commit(&entry, &[]).await?;
    view(platform, row, 0)
}

/// Changes a provider. Another authority takes our secret along: whoever has it answered for the old one.
///
/// # Errors
/// As [`add`]; `conflict` when somebody changed it meanwhile.
pub async fn alter(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    change: ProviderChange,
) -> Result<ProviderView> {
    operator::require(caller)?;
    let mut row = find(platform, key).await?;
    let before = row.changed_at;
    let old: ProviderSettings =
        serde_json::from_value(row.settings.clone()).map_err(crate::act::vault_failure)?;
    if let Some(label) = &change.label {
        row.label = checked_label(label)?;
    }
    if let Some(state) = change.state {
        row.state = state;
    }
    if let Some(settings) = &change.settings {
        require_host_for_membership(caller, old.membership.as_ref(), settings)?;
        settings.provider(&row.issuer, None)?;
        if settings.authority_pem != old.authority_pem {
            row.secret = None;
        }
        row.settings = serde_json::to_value(settings).map_err(crate::act::vault_failure)?;
    }
    if let Some(secret) = &change.secret {
        row.secret = Some(clients::seal_secret(platform, row.id, checked_secret(secret)?)?);
    }
    row.changed_at = platform.now();
    client_of(platform, &row)?;
    let mut tx = platform.control().begin().await?;
    match rows::update(&mut tx, &row, before).await {
        Err(StoreError::NotFound) => {
            tx.close().await?;
            let text = "the provider was changed meanwhile; look at it again";
            return Err(PlatformError::new(ProblemCode::Conflict, text));
        }
        updated => updated?,
    }
    let told = told(&change);
    let act = Act::configuration("provider.alter", Object::new("provider", key)).because(&told);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    get(platform, caller, key).await
}

/// What an entry says of a change: which parts, never their values.
fn told(change: &ProviderChange) -> String {
    let parts = [
        change.label.is_some().then_some("label"),
        change.state.map(ProviderState::as_str),
        change.settings.is_some().then_some("settings"),
        change.secret.is_some().then_some("secret"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Removes a provider with every identity there; answers how many accounts were known by it.
///
/// # Errors
/// As [`get`].
pub async fn remove(platform: &Platform, caller: &Caller, key: &str) -> Result<usize> {
    operator::require(caller)?;
    let row = find(platform, key).await?;
    let mut tx = platform.control().begin().await?;
    let people = identity::delete_all_of(&mut tx, source_of(row.id)).await?;
    rows::delete(&mut tx, row.id).await?;
    let act = Act::configuration("provider.remove", Object::new("provider", key));
    let entry = platform.entry(caller, None, &act.because(&row.issuer))?;
    tx.commit(&entry, &[]).await?;
    Ok(people)
}

/// Asks a provider for its document, its keys and its time, stage by stage.
///
/// # Errors
/// As [`get`]; `unavailable` while too many wait for providers.
pub async fn test(platform: &Platform, caller: &Caller, key: &str) -> Result<Report> {
    operator::require(caller)?;
    look_at(platform, &find(platform, key).await?).await
}

/// The same, for the promise and the doctor.
pub(crate) async fn look_at(platform: &Platform, row: &Row) -> Result<Report> {
    let client = client_of(platform, row)?;
    let clock = platform.clock();
    ask(platform, client, move |client| client.test(clock)).await
}

/// Who waits to be let in by a provider, oldest first.
///
/// # Errors
/// As [`get`].
pub async fn newcomers(platform: &Platform, caller: &Caller, key: &str) -> Result<Vec<Newcomer>> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    let found = identity::list_requests(&mut platform.control().read().await?, source).await?;
    let newcomer = |request: identity::IdentityRequest| Newcomer {
        subject: request.subject,
        name: request.name,
        email: request.email,
        asked_at: request.asked_at,
    };
    Ok(found.into_iter().map(newcomer).collect())
}

/// Gives somebody who waits an account of this address, which nobody may have yet. It is a member of nothing.
///
/// # Errors
/// `not-found`; `already-taken` for the address; `invalid`; `not-allowed`.
pub async fn let_in(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    subject: &str,
    email: &str,
) -> Result<()> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    let mut tx = platform.control().begin().await?;
    let request = identity::take_request(&mut tx, source, subject).await?;
    let person = NewPerson {
        name: request.name.unwrap_or_else(|| email.to_owned()),
        email: email.to_owned(),
        password: None,
    };
    let person = account::prepare(platform, person).await?;
    let (account, Some(made)) = account::find_or_insert(platform, caller, &mut tx, person).await? else {
        tx.close().await?;
        let text = "this address has an account; its holder ties it to the provider on the account page";
        return Err(PlatformError::new(ProblemCode::Taken, text));
    };
    identity::insert(&mut tx, source, subject, account, platform.now()).await?;
    let act = Act::configuration("identity.let-in", Object::new("account", account)).because(key);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[made]).await?;
    Ok(())
}

/// Takes somebody off the list.
///
/// # Errors
/// As [`let_in`].
pub async fn turn_away(platform: &Platform, caller: &Caller, key: &str, subject: &str) -> Result<()> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    let mut tx = platform.control().begin().await?;
    identity::take_request(&mut tx, source, subject).await?;
    let act = Act::configuration("identity.turn-away", Object::new("provider", key));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

fn require_host_for_membership(
    caller: &Caller,
    before: Option<&DefaultMembership>,
    settings: &ProviderSettings,
) -> Result<()> {
    let changes = settings.membership.as_ref() != before;
    if changes && !matches!(caller.identity, Identity::Host) {
        let why = "where newcomers become members is set at the host only";
        return Err(PlatformError::new(ProblemCode::NotAllowed, why));
    }
    Ok(())
}

pub(crate) fn check_key(key: &str) -> Result<()> {
    let starts = key.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = key
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if starts && plain && key.len() <= 39 {
        return Ok(());
    }
    let text = "1 to 39 small letters, digits and hyphens, beginning with a letter";
    Err(PlatformError::invalid_at("/key", "malformed", text))
}

fn checked_label(label: &str) -> Result<String> {
    let label = checked_name("/label", label)?;
    if label.chars().count() > LABEL_LENGTH_MAX {
        let text = format!("at most {LABEL_LENGTH_MAX} characters");
        return Err(PlatformError::invalid_at("/label", "too-long", text));
    }
    Ok(label)
}

fn checked_secret(secret: &SecretText) -> Result<&SecretText> {
    let length = secret.expose().len();
    if (1..=1_000).contains(&length) && !secret.expose().chars().any(char::is_control) {
        return Ok(secret);
    }
    let text = "1 to 1000 bytes on one line";
    Err(PlatformError::invalid_at("/secret", "malformed", text))
}
