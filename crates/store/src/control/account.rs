//! Accounts: people, appliance-wide.

use super::{
    ControlTx, Reads,
    column::{Column, text_enum},
    schema::account,
};
use crate::StoreError;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    dsl::sql,
    expression::SqlLiteral,
    sql_types::{BigInt, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, EmailAddress, PageSize};

text_enum! {
    /// Whether an account may sign in.
    AccountState {
        /// It may.
        Active = "active",
        /// It may not; it keeps its name in the audit log.
        Disabled = "disabled",
        /// It may not as long as its directory says so; never stored in this column.
        Barred = "barred",
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = account)]
pub struct Account {
    /// Its id.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub id: AccountId,
    /// Its address, unique.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// May sign in; what an administrator disabled is disabled, whatever a directory says.
    #[diesel(select_expression = sql::<Text>(EFFECTIVE_STATE), select_expression_type = SqlLiteral<Text>)]
    pub state: AccountState,
    /// May look after the appliance.
    pub operator: bool,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When its password was last set.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub password_changed_at: Option<Timestamp>,
}

/// The stored state, or "barred" for who would be active if the directory had not barred them.
const EFFECTIVE_STATE: &str =
    "CASE WHEN account.barred_by_directory AND account.state = 'active' THEN 'barred'
    ELSE account.state END";

/// An account to insert.
#[derive(Clone)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// Its address; [`StoreError::Taken`] of `account_email_taken` when it has an account.
    pub email: EmailAddress,
    /// The person's name.
    pub name: String,
    /// The password's hash as a PHC string; without one nobody signs in with a password.
    pub password: Option<String>,
    /// May look after the appliance.
    pub operator: bool,
    /// When.
    pub created_at: Timestamp,
}

/// Inserts an account.
///
/// # Errors
/// [`StoreError::Taken`] of `account_email_taken`.
pub async fn insert(tx: &mut ControlTx, new: NewAccount) -> Result<(), StoreError> {
    let password_changed_at = new.password.as_ref().map(|_| new.created_at);
    let row = (
        account::id.eq(new.id.0),
        account::email.eq(new.email.as_str()),
        account::name.eq(new.name),
        account::password.eq(new.password),
        account::operator.eq(new.operator),
        account::created_at.eq(new.created_at.to_diesel()),
        account::password_changed_at.eq(password_changed_at.to_diesel()),
    );
    diesel::insert_into(account::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// The account of an address with its password's hash.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_by_email(
    on: &mut impl Reads,
    email: &EmailAddress,
) -> Result<Option<(Account, Option<String>)>, StoreError> {
    let query = account::table.filter(account::email.eq(email.as_str()));
    let query = query.select((Account::as_select(), account::password));
    Ok(query.first(on.connection()?).await.optional()?)
}

/// The account with its password's hash.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find_by_id(
    on: &mut impl Reads,
    id: AccountId,
) -> Result<Option<(Account, Option<String>)>, StoreError> {
    let query = account::table
        .find(id.0)
        .select((Account::as_select(), account::password));
    Ok(query.first(on.connection()?).await.optional()?)
}

/// Accounts in the order they were made, those after `after`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    limit: PageSize,
    after: Option<AccountId>,
) -> Result<Vec<Account>, StoreError> {
    let mut query = account::table
        .order(account::id)
        .limit(limit.get().into())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(account::id.gt(after.0));
    }
    Ok(query.select(Account::as_select()).load(on.connection()?).await?)
}

/// How many accounts there are.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count(on: &mut impl Reads) -> Result<i64, StoreError> {
    Ok(account::table.count().get_result(on.connection()?).await?)
}

/// Most earlier passwords of an account that are remembered.
pub const HISTORY_MAX: i64 = 24;

/// The hashes of an account's passwords, the present one first, then the newest of the earlier ones.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_passwords(
    on: &mut impl Reads,
    id: AccountId,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let text = "SELECT password FROM (
            SELECT password, 'infinity'::timestamptz AS at FROM strongroom.account WHERE id = $1 AND password IS NOT NULL
            UNION ALL SELECT password, replaced_at FROM strongroom.password_history WHERE account_id = $1
        ) known ORDER BY at DESC LIMIT $2";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(id.0)
        .bind::<BigInt, _>(limit);
    let found: Vec<Hash> = query.load(on.connection()?).await?;
    Ok(found.into_iter().map(|hash| hash.password).collect())
}

#[derive(diesel::QueryableByName)]
struct Hash {
    #[diesel(sql_type = Text)]
    password: String,
}

/// Sets the password's hash (a PHC string); the one before is remembered as one of [`HISTORY_MAX`].
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_password(
    tx: &mut ControlTx,
    id: AccountId,
    password: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let remember = "INSERT INTO strongroom.password_history (account_id, password, replaced_at)
        SELECT id, password, $2 FROM strongroom.account WHERE id = $1 AND password IS NOT NULL
        ON CONFLICT DO NOTHING";
    diesel::sql_query(remember)
        .bind::<Uuid, _>(id.0)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    let trim = "DELETE FROM strongroom.password_history WHERE account_id = $1 AND replaced_at <= (
        SELECT replaced_at FROM strongroom.password_history WHERE account_id = $1
        ORDER BY replaced_at DESC OFFSET $2 LIMIT 1)";
    diesel::sql_query(trim)
        .bind::<Uuid, _>(id.0)
        .bind::<BigInt, _>(HISTORY_MAX)
        .execute(tx.connection()?)
        .await?;
    let change = (
        account::password.eq(password),
        account::password_changed_at.eq(now.to_diesel()),
    );
    let query = diesel::update(account::table.find(id.0)).set(change);
    found(query.execute(tx.connection()?).await?)
}

/// Replaces the hash of an unchanged password by a stronger one. Does nothing when the password was changed meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn rehash(tx: &mut ControlTx, id: AccountId, old: &str, new: &str) -> Result<(), StoreError> {
    let unchanged = account::table.find(id.0).filter(account::password.eq(old));
    diesel::update(unchanged)
        .set(account::password.eq(new))
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Lets an account sign in, or no longer. Ending its sessions is [`super::session::end_all_of`].
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_state(tx: &mut ControlTx, id: AccountId, state: AccountState) -> Result<(), StoreError> {
    let query = diesel::update(account::table.find(id.0)).set(account::state.eq(state.as_str()));
    found(query.execute(tx.connection()?).await?)
}

/// Makes an account an operator of the appliance, or no longer.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_operator(tx: &mut ControlTx, id: AccountId, operator: bool) -> Result<(), StoreError> {
    let query = diesel::update(account::table.find(id.0)).set(account::operator.eq(operator));
    found(query.execute(tx.connection()?).await?)
}

/// The operators, by address; at most 500.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_operators(on: &mut impl Reads) -> Result<Vec<Account>, StoreError> {
    let query = account::table
        .filter(account::operator)
        .order(account::email)
        .limit(PageSize::MAX.into());
    Ok(query.select(Account::as_select()).load(on.connection()?).await?)
}

/// Sets the person's name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn rename(tx: &mut ControlTx, id: AccountId, name: &str) -> Result<(), StoreError> {
    let query = diesel::update(account::table.find(id.0)).set(account::name.eq(name));
    found(query.execute(tx.connection()?).await?)
}

/// One row was changed, or it was not there.
pub(super) fn found(rows: usize) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::NotFound)
    } else {
        Ok(())
    }
}
