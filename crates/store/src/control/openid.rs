//! OpenID providers, and the answers of theirs that were taken.

use super::{
    ControlTx, Keeps, Reads,
    account::found,
    column::{Column, text_enum},
    schema::{openid_answer, openid_provider},
};
use crate::StoreError;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;
use types::SourceId;

/// Most providers.
pub const PROVIDERS_MAX: i64 = 50;

text_enum! {
    /// Whether people may come in by a provider.
    ProviderState {
        /// They may.
        Active = "active",
        /// They may not; who they are is kept.
        Disabled = "disabled",
    }
}

/// A provider.
#[derive(Clone, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = openid_provider)]
pub struct Provider {
    /// Its id.
    #[diesel(deserialize_as = Column<SourceId>)]
    pub id: SourceId,
    /// Its name in addresses.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// May people come in?
    pub state: ProviderState,
    /// Its issuer.
    pub issuer: String,
    /// The rest of its settings.
    pub settings: Value,
    /// Our secret there, sealed.
    pub secret: Option<Vec<u8>>,
    /// When it was added.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub changed_at: Timestamp,
}

/// Inserts a provider.
///
/// # Errors
/// [`StoreError::Taken`] of `openid_provider_key_taken`.
pub async fn insert(tx: &mut ControlTx, new: &Provider) -> Result<(), StoreError> {
    let row = (
        openid_provider::id.eq(new.id.0),
        openid_provider::key.eq(&new.key),
        openid_provider::label.eq(&new.label),
        openid_provider::state.eq(new.state.as_str()),
        openid_provider::issuer.eq(&new.issuer),
        openid_provider::settings.eq(&new.settings),
        openid_provider::secret.eq(&new.secret),
        openid_provider::created_at.eq(new.created_at.to_diesel()),
        openid_provider::changed_at.eq(new.changed_at.to_diesel()),
    );
    diesel::insert_into(openid_provider::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Writes everything of a provider but its id, key and issuer, if it is still as it was read.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone or was changed meanwhile.
pub async fn update(tx: &mut ControlTx, changed: &Provider, before: Timestamp) -> Result<(), StoreError> {
    let row = openid_provider::table
        .find(changed.id.0)
        .filter(openid_provider::changed_at.eq(before.to_diesel()));
    let query = diesel::update(row).set((
        openid_provider::label.eq(&changed.label),
        openid_provider::state.eq(changed.state.as_str()),
        openid_provider::settings.eq(&changed.settings),
        openid_provider::secret.eq(&changed.secret),
        openid_provider::changed_at.eq(changed.changed_at.to_diesel()),
    ));
    found(query.execute(tx.connection()?).await?)
}

/// Removes a provider.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut ControlTx, id: SourceId) -> Result<(), StoreError> {
    let query = diesel::delete(openid_provider::table.find(id.0));
    found(query.execute(tx.connection()?).await?)
}

/// The provider of a key.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(on: &mut impl Reads, key: &str) -> Result<Option<Provider>, StoreError> {
    let query = openid_provider::table
        .filter(openid_provider::key.eq(key))
        .select(Provider::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// All providers, by key.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(on: &mut impl Reads) -> Result<Vec<Provider>, StoreError> {
    let query = openid_provider::table
        .order(openid_provider::key)
        .limit(PROVIDERS_MAX)
        .select(Provider::as_select());
    Ok(query.load(on.connection()?).await?)
}

/// Marks an answer as taken; of two at once, one is told that it was.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn take_answer(
    on: &mut impl Keeps,
    state_digest: &[u8; 32],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = (
        openid_answer::state_digest.eq(state_digest.as_slice()),
        openid_answer::taken_at.eq(now.to_diesel()),
    );
    let query = diesel::insert_into(openid_answer::table)
        .values(row)
        .on_conflict_do_nothing();
    Ok(query.execute(on.connection()?).await? == 1)
}

/// Forgets answers that were taken before; nothing of their age is accepted any more.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn forget_answers(on: &mut impl Keeps, before: Timestamp) -> Result<usize, StoreError> {
    let old = openid_answer::table.filter(openid_answer::taken_at.lt(before.to_diesel()));
    Ok(diesel::delete(old).execute(on.connection()?).await?)
}
