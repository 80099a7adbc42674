//! Second factors of accounts. What an authenticator app shares with us, and what a key said of itself, arrive here sealed.
//!
//! Invariant: a code counts once, and a key's counter only goes up. [`spend_step`] and [`spend_counter`] are one conditional
//! statement each, so that of two at once one finds nothing.

use super::{
    ControlTx, Reads,
    account::found,
    column::{Column, text_enum},
    schema::factor,
};
use crate::StoreError;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Bool, Integer, Nullable, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel};
use types::{AccountId, FactorId};

text_enum! {
    /// What a factor is.
    FactorKind {
        /// An authenticator app.
        Totp = "totp",
        /// A passkey or security key.
        Passkey = "passkey",
    }
}

text_enum! {
    /// Whether a factor counts.
    FactorState {
        /// Its holder has not shown yet that it works.
        Pending = "pending",
        /// It counts.
        Active = "active",
    }
}

/// A factor.
#[derive(Clone, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = factor)]
pub struct Factor {
    /// Its id.
    #[diesel(deserialize_as = Column<FactorId>)]
    pub id: FactorId,
    /// Whose.
    #[diesel(deserialize_as = Column<AccountId>)]
    pub account_id: AccountId,
    /// What it is.
    pub kind: FactorKind,
    /// What its holder calls it.
    pub label: String,
    /// What is shared with it, sealed.
    pub secret: Vec<u8>,
    /// Does it count?
    pub state: FactorState,
    /// Of an app: the step of the last code that counted. Of a key: its counter when it was last used.
    pub last_step: Option<i64>,
    /// When it was set up.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
    /// When it last let its holder in.
    #[diesel(deserialize_as = NullableTimestamp)]
    pub last_used_at: Option<Timestamp>,
    /// Of a key: SHA-256 of the credential's id.
    pub credential_hash: Option<Vec<u8>>,
    /// Of a key: the host that it is bound to.
    pub relying_party: Option<String>,
}

/// A factor to insert; it is pending.
#[derive(Clone)]
pub struct NewFactor {
    /// Its id.
    pub id: FactorId,
    /// Whose.
    pub account: AccountId,
    /// What it is.
    pub kind: FactorKind,
    /// What its holder calls it.
    pub label: String,
    /// What is shared with it, sealed.
    pub secret: Vec<u8>,
    /// Now.
    pub created_at: Timestamp,
}

/// A key to insert; it counts from then on.
#[derive(Clone)]
pub struct NewKey {
    /// Its id.
    pub id: FactorId,
    /// Whose.
    pub account: AccountId,
    /// What its holder calls it.
    pub label: String,
    /// The public key with what the authenticator said of itself, sealed.
    pub secret: Vec<u8>,
    /// SHA-256 of the credential's id.
    pub credential_hash: [u8; 32],
    /// The host that it is bound to.
    pub relying_party: String,
    /// Its counter.
    pub counter: i64,
    /// Now.
    pub created_at: Timestamp,
}

/// What an account's second factors are to its sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct Standing {
    /// It has a factor that counts.
    #[diesel(sql_type = Bool)]
    pub enrolled: bool,
    /// The appliance, one of its organizations, or its being an operator asks for one.
    #[diesel(sql_type = Bool)]
    pub required: bool,
    /// After how many days a password must be changed, if it must.
    #[diesel(sql_type = Nullable<Integer>)]
    pub password_days_max: Option<i32>,
}

/// What an account's second factors are to its sign-ins. Of an account that is not there nothing is asked.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn standing(on: &mut impl Reads, account: AccountId) -> Result<Standing, StoreError> {
    let text = "SELECT EXISTS (SELECT FROM strongroom.factor f WHERE f.account_id = a.id AND f.state = 'active') AS enrolled,
            a.operator OR EXISTS (SELECT FROM strongroom.sign_in_policy p WHERE p.policy ->> 'second_factor' = 'required'
                AND (p.organization_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
                    SELECT FROM strongroom.membership m WHERE m.account_id = a.id AND m.state = 'active'
                        AND m.organization_id = p.organization_id))) AS required,
            (SELECT min((p.policy ->> 'days_max')::integer) FROM strongroom.sign_in_policy p
                WHERE p.organization_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
                    SELECT FROM strongroom.membership m WHERE m.account_id = a.id AND m.state = 'active'
                        AND m.organization_id = p.organization_id)) AS password_days_max
        FROM strongroom.account a WHERE a.id = $1";
    let query = diesel::sql_query(text).bind::<Uuid, _>(account.0);
    let found: Option<Standing> = query.get_result(on.connection()?).await.optional()?;
    Ok(found.unwrap_or(Standing {
        enrolled: false,
        required: false,
        password_days_max: None,
    }))
}

/// Sets a factor up, in the place of one that was never shown to work.
///
/// # Errors
/// [`StoreError::Taken`] of `factor_pending` when another is set up in the same moment.
pub async fn replace_pending(tx: &mut ControlTx, new: NewFactor) -> Result<(), StoreError> {
    let pending = factor::table
        .filter(factor::account_id.eq(new.account.0))
        .filter(factor::state.eq(FactorState::Pending.as_str()));
    diesel::delete(pending).execute(tx.connection()?).await?;
    let row = (
        factor::id.eq(new.id.0),
        factor::account_id.eq(new.account.0),
        factor::kind.eq(new.kind.as_str()),
        factor::label.eq(new.label),
        factor::secret.eq(new.secret),
        factor::state.eq(FactorState::Pending.as_str()),
        factor::created_at.eq(new.created_at.to_diesel()),
    );
    diesel::insert_into(factor::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Adds a key.
///
/// # Errors
/// [`StoreError::Taken`] of `factor_credential` when the credential is known already, whoever has it.
pub async fn insert_key(tx: &mut ControlTx, new: NewKey) -> Result<(), StoreError> {
    let row = (
        factor::id.eq(new.id.0),
        factor::account_id.eq(new.account.0),
        factor::kind.eq(FactorKind::Passkey.as_str()),
        factor::label.eq(new.label),
        factor::secret.eq(new.secret),
        factor::state.eq(FactorState::Active.as_str()),
        factor::last_step.eq(new.counter),
        factor::created_at.eq(new.created_at.to_diesel()),
        factor::credential_hash.eq(new.credential_hash.to_vec()),
        factor::relying_party.eq(new.relying_party),
    );
    diesel::insert_into(factor::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// An account's factors, the oldest first; at most 100.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of(on: &mut impl Reads, account: AccountId) -> Result<Vec<Factor>, StoreError> {
    let query = factor::table
        .filter(factor::account_id.eq(account.0))
        .order(factor::id)
        .limit(100);
    Ok(query.select(Factor::as_select()).load(on.connection()?).await?)
}

/// A pending factor counts from now on; the step of the code that showed it is spent.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not there, another's, or counts already.
pub async fn activate(
    tx: &mut ControlTx,
    account: AccountId,
    id: FactorId,
    label: &str,
    step: Option<i64>,
) -> Result<(), StoreError> {
    let pending = factor::table
        .find(id.0)
        .filter(factor::account_id.eq(account.0))
        .filter(factor::state.eq(FactorState::Pending.as_str()));
    let change = (
        factor::state.eq(FactorState::Active.as_str()),
        factor::label.eq(label),
        factor::last_step.eq(step),
    );
    found(
        diesel::update(pending)
            .set(change)
            .execute(tx.connection()?)
            .await?,
    )
}

/// Spends a step of an active app: no code of it or of one before it counts again.
///
/// # Errors
/// [`StoreError::NotFound`] when it is spent already, or the factor does not count.
pub async fn spend_step(
    tx: &mut ControlTx,
    id: FactorId,
    step: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let unspent = factor::last_step.is_null().or(factor::last_step.lt(step));
    let active = factor::table
        .find(id.0)
        .filter(factor::state.eq(FactorState::Active.as_str()))
        .filter(unspent);
    let change = (
        factor::last_step.eq(step),
        factor::last_used_at.eq(now.to_diesel()),
    );
    found(
        diesel::update(active)
            .set(change)
            .execute(tx.connection()?)
            .await?,
    )
}

/// Notes a key's counter at a use: it must be higher than at the last one. A key without a counter says 0 always (Web
/// Authentication section 6.1.1).
///
/// # Errors
/// [`StoreError::NotFound`] when it is not, or the key is gone.
pub async fn spend_counter(
    tx: &mut ControlTx,
    id: FactorId,
    counter: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.factor SET last_step = $2, last_used_at = $3
        WHERE id = $1 AND kind = 'passkey' AND state = 'active'
            AND (last_step IS NULL OR last_step < $2 OR (last_step = 0 AND $2 = 0))";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(id.0)
        .bind::<BigInt, _>(counter)
        .bind::<Timestamptz, _>(now.to_diesel());
    found(query.execute(tx.connection()?).await?)
}

/// Spends every step up to `step` without a use: its code was seen before its time.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn burn_steps(tx: &mut ControlTx, id: FactorId, step: i64) -> Result<(), StoreError> {
    let unspent = factor::last_step.is_null().or(factor::last_step.lt(step));
    let query = diesel::update(factor::table.find(id.0).filter(unspent)).set(factor::last_step.eq(step));
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// Gives one of an account's factors another name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn rename(
    tx: &mut ControlTx,
    account: AccountId,
    id: FactorId,
    label: &str,
) -> Result<(), StoreError> {
    let own = factor::table.find(id.0).filter(factor::account_id.eq(account.0));
    let query = diesel::update(own).set(factor::label.eq(label));
    found(query.execute(tx.connection()?).await?)
}

/// Removes one of an account's factors.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn remove(tx: &mut ControlTx, account: AccountId, id: FactorId) -> Result<(), StoreError> {
    let own = factor::table.find(id.0).filter(factor::account_id.eq(account.0));
    found(diesel::delete(own).execute(tx.connection()?).await?)
}

/// Removes every factor of an account; answers how many.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn remove_all_of(tx: &mut ControlTx, account: AccountId) -> Result<usize, StoreError> {
    let all = factor::table.filter(factor::account_id.eq(account.0));
    Ok(diesel::delete(all).execute(tx.connection()?).await?)
}
