//! LDAP directories: their settings, which groups give which roles, and whom they have barred.
//!
//! Invariant: a membership that a directory gave names it; nothing here changes any other membership.

use super::{
    ControlTx, Keeps, Reads,
    account::{Account, found},
    column::{Column, text_enum},
    identity::Source,
    schema::{account, directory, group_mapping, identity, membership},
};
use crate::StoreError;
use access::Role;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;
use types::{AccountId, OrganizationId, SourceId};

/// Most directories.
pub const DIRECTORIES_MAX: i64 = 20;
/// Most mappings of a directory.
pub const MAPPINGS_MAX: i64 = 1_000;
/// Most people of a directory.
pub const PEOPLE_MAX: i64 = 200_000;

text_enum! {
    /// Whether a directory's people may sign in.
    DirectoryState {
        /// They may.
        Active = "active",
        /// Nobody is asked anything; who they are is kept.
        Disabled = "disabled",
    }
}

/// A directory.
#[derive(Clone, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = directory)]
pub struct Directory {
    /// Its id.
    #[diesel(deserialize_as = Column<SourceId>)]
    pub id: SourceId,
    /// Its name in commands and addresses.
    pub key: String,
    /// May people sign in?
    pub state: DirectoryState,
    /// How it is reached and read.
    pub settings: Value,
    /// The service account's password, sealed.
    pub secret: Option<Vec<u8>>,
    /// The key of the certificate that it is shown, sealed.
    pub client_key: Option<Vec<u8>>,
    /// What becomes of newcomers: `refuse`, `wait`, `create`.
    pub first_sign_in: String,
    /// What came of the last sync.
    pub last_sync: Option<Value>,
    /// When it was added.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub changed_at: Timestamp,
}

/// A group that gives a role.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = group_mapping)]
pub struct Mapping {
    /// The group: a normal name, a SID or a GUID.
    pub group_key: String,
    /// Where.
    #[diesel(deserialize_as = Column<OrganizationId>)]
    pub organization_id: OrganizationId,
    /// Which role.
    #[diesel(deserialize_as = Column<Role>)]
    pub role: Role,
}

/// Inserts a directory.
///
/// # Errors
/// [`StoreError::Taken`] of `directory_key_taken`.
pub async fn insert(tx: &mut ControlTx, new: &Directory) -> Result<(), StoreError> {
    let row = (
        directory::id.eq(new.id.0),
        directory::key.eq(&new.key),
        directory::state.eq(new.state.as_str()),
        directory::settings.eq(&new.settings),
        directory::secret.eq(&new.secret),
        directory::client_key.eq(&new.client_key),
        directory::first_sign_in.eq(&new.first_sign_in),
        directory::created_at.eq(new.created_at.to_diesel()),
        directory::changed_at.eq(new.changed_at.to_diesel()),
    );
    diesel::insert_into(directory::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Writes everything of a directory but its id and key, if it is still as it was read.
///
/// # Errors
/// [`StoreError::NotFound`] when it is gone or was changed meanwhile.
pub async fn update(tx: &mut ControlTx, changed: &Directory, before: Timestamp) -> Result<(), StoreError> {
    let row = directory::table
        .find(changed.id.0)
        .filter(directory::changed_at.eq(before.to_diesel()));
    let query = diesel::update(row).set((
        directory::state.eq(changed.state.as_str()),
        directory::settings.eq(&changed.settings),
        directory::secret.eq(&changed.secret),
        directory::client_key.eq(&changed.client_key),
        directory::first_sign_in.eq(&changed.first_sign_in),
        directory::changed_at.eq(changed.changed_at.to_diesel()),
    ));
    found(query.execute(tx.connection()?).await?)
}

/// Removes a directory with its mappings.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut ControlTx, id: SourceId) -> Result<(), StoreError> {
    found(
        diesel::delete(directory::table.find(id.0))
            .execute(tx.connection()?)
            .await?,
    )
}

/// The directory of a key.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(on: &mut impl Reads, key: &str) -> Result<Option<Directory>, StoreError> {
    let query = directory::table
        .filter(directory::key.eq(key))
        .select(Directory::as_select());
    Ok(query.first(on.connection()?).await.optional()?)
}

/// All directories, by key.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(on: &mut impl Reads) -> Result<Vec<Directory>, StoreError> {
    let query = directory::table
        .order(directory::key)
        .limit(DIRECTORIES_MAX)
        .select(Directory::as_select());
    Ok(query.load(on.connection()?).await?)
}

/// Notes what came of a sync.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn note_sync(on: &mut impl Keeps, id: SourceId, outcome: &Value) -> Result<(), StoreError> {
    let query = diesel::update(directory::table.find(id.0)).set(directory::last_sync.eq(outcome));
    query.execute(on.connection()?).await?;
    Ok(())
}

/// Holds all directories until the transaction ends: of two that change what groups give, the second sees what the first did.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn hold_all(tx: &mut ControlTx) -> Result<(), StoreError> {
    let query = directory::table
        .order(directory::id)
        .select(directory::id)
        .for_no_key_update();
    query.load::<uuid::Uuid>(tx.connection()?).await?;
    Ok(())
}

/// A directory's mappings, by group.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn mappings(on: &mut impl Reads, id: SourceId) -> Result<Vec<Mapping>, StoreError> {
    let query = group_mapping::table
        .filter(group_mapping::directory_id.eq(id.0))
        .order((group_mapping::group_key, group_mapping::organization_id))
        .limit(MAPPINGS_MAX)
        .select(Mapping::as_select());
    Ok(query.load(on.connection()?).await?)
}

/// Lets a group give a role, in place of the one that it gave there before.
///
/// # Errors
/// [`StoreError::Dangling`] when directory or organization is not there.
pub async fn set_mapping(tx: &mut ControlTx, id: SourceId, mapping: &Mapping) -> Result<(), StoreError> {
    let row = (
        group_mapping::directory_id.eq(id.0),
        group_mapping::group_key.eq(&mapping.group_key),
        group_mapping::organization_id.eq(mapping.organization_id.0),
        group_mapping::role.eq(mapping.role.as_str()),
    );
    diesel::insert_into(group_mapping::table)
        .values(row)
        .on_conflict((
            group_mapping::directory_id,
            group_mapping::group_key,
            group_mapping::organization_id,
        ))
        .do_update()
        .set(group_mapping::role.eq(mapping.role.as_str()))
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Lets a group give nothing there any more.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete_mapping(
    tx: &mut ControlTx,
    id: SourceId,
    group_key: &str,
    organization: OrganizationId,
) -> Result<(), StoreError> {
    let row = group_mapping::table.find((id.0, group_key, organization.0));
    found(diesel::delete(row).execute(tx.connection()?).await?)
}

/// Everybody who is known by a source: who they are there, and their account.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn people(on: &mut impl Reads, source: Source) -> Result<Vec<(String, Account)>, StoreError> {
    let query = identity::table
        .inner_join(account::table)
        .filter(identity::source_kind.eq(source.kind.as_str()))
        .filter(identity::source_id.eq(source.id.0))
        .order(identity::subject)
        .limit(PEOPLE_MAX)
        .select((identity::subject, Account::as_select()));
    Ok(query.load(on.connection()?).await?)
}

/// The memberships that a directory gave: whose, where, as what.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn memberships(
    on: &mut impl Reads,
    id: SourceId,
) -> Result<Vec<(AccountId, OrganizationId, Role)>, StoreError> {
    let query = membership::table
        .filter(membership::source_id.eq(id.0))
        .order((membership::account_id, membership::organization_id))
        .limit(PEOPLE_MAX)
        .select((
            membership::account_id,
            membership::organization_id,
            membership::role,
        ));
    let rows: Vec<(Column<AccountId>, Column<OrganizationId>, Column<Role>)> =
        query.load(on.connection()?).await?;
    Ok(rows
        .into_iter()
        .map(|(account, organization, role)| (account.into(), organization.into(), role.into()))
        .collect())
}

/// The memberships that a directory gave to an account.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn memberships_of(
    on: &mut impl Reads,
    id: SourceId,
    account: AccountId,
) -> Result<Vec<(OrganizationId, Role)>, StoreError> {
    let query = membership::table
        .filter(membership::source_id.eq(id.0))
        .filter(membership::account_id.eq(account.0))
        .limit(MAPPINGS_MAX)
        .select((membership::organization_id, membership::role));
    let rows: Vec<(Column<OrganizationId>, Column<Role>)> = query.load(on.connection()?).await?;
    Ok(rows
        .into_iter()
        .map(|(organization, role)| (organization.into(), role.into()))
        .collect())
}

/// Gives a membership in a directory's name, unless there is one already; says whether it did. Whoever had one before is narrowed as then.
///
/// # Errors
/// [`StoreError::Dangling`].
pub async fn give_membership(
    tx: &mut ControlTx,
    id: SourceId,
    organization: OrganizationId,
    account: AccountId,
    role: Role,
) -> Result<bool, StoreError> {
    let row = (
        membership::organization_id.eq(organization.0),
        membership::account_id.eq(account.0),
        membership::role.eq(role.as_str()),
        membership::state.eq("active"),
        membership::source_id.eq(id.0),
    );
    let query = diesel::insert_into(membership::table)
        .values(row)
        .on_conflict_do_nothing();
    let gave = query.execute(tx.connection()?).await? == 1;
    if gave {
        super::membership::narrow_again(tx, organization, account).await?;
    }
    Ok(gave)
}

/// Bars an account in its directory's name, or lets it in again; says whether that changed anything. Ending its sessions is
/// [`super::session::end_all_of`].
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn set_barred(tx: &mut ControlTx, id: AccountId, barred: bool) -> Result<bool, StoreError> {
    let row = account::table
        .find(id.0)
        .filter(account::barred_by_directory.ne(barred));
    let query = diesel::update(row).set(account::barred_by_directory.eq(barred));
    Ok(query.execute(tx.connection()?).await? == 1)
}
