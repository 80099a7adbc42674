//! OpenID providers: set by operators, tested by them, and open to people as doors.
//!
//! Invariants: a provider's issuer never changes, since identities are that issuer's; our secret there is sealed, leaves
//! only towards the provider, and goes when the authority that vouches for the provider changes. An operator opens doors
//! and lets newcomers in, but gives nobody a place in an organization: that is done at the host. Start at [`add`].

mod clients;
mod settings;
mod view;

pub(crate) use clients::{Clients, ask, client_of, words};
pub use openid::{Algorithm, Preset, Report, Stage, Verdict};
pub use settings::{DefaultMembership, FirstSignIn, ProviderSettings};
pub use view::{Door, NewProvider, ProviderChange, ProviderView};

use crate::{
    Caller, Platform,
    act::{Act, Object, vault_failure},
    caller::Identity,
    error::{PlatformError, Result},
    operator,
    organization::checked_name,
    session,
    source::{self, newcomer},
    workspace::random,
};
use store::control::{
    identity::{self, Source, SourceKind},
    openid::{self as rows, Provider as Row},
};
use types::{ProblemCode, SourceId};
use view::view;

pub use crate::source::Newcomer;
pub use store::control::openid::ProviderState;

/// The word for it in answers.
const WHAT: &str = "provider";
/// Most characters of a label.
const LABEL_LENGTH_MAX: usize = 80;

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

/// Where a provider says who has left.
fn logout_uri(platform: &Platform, key: &str) -> String {
    format!("{}/logout", redirect_uri(platform, key))
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

pub(crate) async fn find(platform: &Platform, key: &str) -> Result<Row> {
    let found = rows::find(&mut platform.control().read().await?, key).await?;
    found.ok_or_else(|| PlatformError::not_found(WHAT))
}

/// Adds a provider. Nobody asks it anything yet; [`test`] does.
///
/// # Errors
/// `invalid` at the setting at fault; `already-taken` for the key; `conflict` when there are as many as there may be;
/// `not-allowed`; `proof-required`.
pub async fn add(platform: &Platform, caller: &Caller, new: NewProvider) -> Result<ProviderView> {
    operator::require(caller)?;
    session::require_fresh(platform, caller)?;
    source::check_key(&new.key)?;
    let label = checked_label(&new.label)?;
    require_host_for_membership(caller, None, &new.settings)?;
    // The provider is made for its checks alone.
    new.settings.provider(&new.issuer, None)?;
    let now = platform.now();
    let id = SourceId::new(platform.now_ms(), random()?);
    let secret = new.secret.as_ref();
    let row = Row {
        id,
        key: new.key,
        label,
        state: ProviderState::Active,
        issuer: new.issuer,
        settings: serde_json::to_value(&new.settings).map_err(vault_failure)?,
        secret: secret
            .map(|secret| clients::seal_secret(platform, id, secret))
            .transpose()?,
        created_at: now,
        changed_at: now,
    };
    client_of(platform, &row)?;
    let mut tx = platform.control().begin().await?;
    let there_are = rows::list(&mut tx).await?.len();
    source::check_room(there_are, rows::PROVIDERS_MAX, "providers")?;
    source::inserted(rows::insert(&mut tx, &row).await, WHAT, &row.key)?;
    let act = Act::configuration("provider.add", Object::new(WHAT, &row.key));
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
    session::require_fresh(platform, caller)?;
    let mut row = find(platform, key).await?;
    let before = row.changed_at;
    if let Some(label) = &change.label {
        row.label = checked_label(label)?;
    }
    if let Some(state) = change.state {
        row.state = state;
    }
    if let Some(settings) = &change.settings {
        set_settings(caller, &mut row, settings)?;
    }
    if let Some(secret) = &change.secret {
        row.secret = Some(clients::seal_secret(platform, row.id, secret)?);
    }
    row.changed_at = platform.now();
    client_of(platform, &row)?;
    let mut tx = platform.control().begin().await?;
    source::updated(rows::update(&mut tx, &row, before).await, WHAT)?;
    let told = change.told();
    let act = Act::configuration("provider.alter", Object::new(WHAT, key)).because(&told);
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    get(platform, caller, key).await
}

fn set_settings(caller: &Caller, row: &mut Row, settings: &ProviderSettings) -> Result<()> {
    let old: ProviderSettings = serde_json::from_value(row.settings.clone()).map_err(vault_failure)?;
    require_host_for_membership(caller, old.membership.as_ref(), settings)?;
    settings.provider(&row.issuer, None)?;
    if settings.authority_pem != old.authority_pem {
        row.secret = None;
    }
    row.settings = serde_json::to_value(settings).map_err(vault_failure)?;
    Ok(())
}

/// Removes a provider with every identity there; answers how many accounts were known by it.
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
    let act = Act::configuration("provider.remove", Object::new(WHAT, key));
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

/// Tests what is not saved yet: a provider of this issuer and settings. No secret of ours is needed for that, and none is sent.
///
/// # Errors
/// `invalid` at the setting at fault; `not-allowed`; `unavailable` while too many wait for providers.
pub async fn test_draft(
    platform: &Platform,
    caller: &Caller,
    issuer: &str,
    settings: &ProviderSettings,
) -> Result<Report> {
    operator::require(caller)?;
    let client = clients::client_of_draft(platform, issuer, settings)?;
    let clock = platform.clock();
    ask(platform, client, move |client| client.test(clock)).await
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
    newcomer::list(platform, caller, source_of(find(platform, key).await?.id)).await
}

/// Gives somebody who waits an account of this address, which nobody may have yet. It is a member of nothing.
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

/// Takes somebody off the list.
///
/// # Errors
/// As [`let_in`].
pub async fn turn_away(platform: &Platform, caller: &Caller, key: &str, subject: &str) -> Result<()> {
    operator::require(caller)?;
    let source = source_of(find(platform, key).await?.id);
    newcomer::turn_away(platform, caller, source, key, subject).await
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

fn checked_label(label: &str) -> Result<String> {
    let label = checked_name("/label", label)?;
    if label.chars().count() > LABEL_LENGTH_MAX {
        let text = format!("at most {LABEL_LENGTH_MAX} characters");
        return Err(PlatformError::invalid_at("/label", "too-long", text));
    }
    Ok(label)
}
