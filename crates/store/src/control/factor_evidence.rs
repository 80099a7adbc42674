//! Facts for the promise that a required second factor is asked of everybody. Nothing here writes.

use super::{Reads, evidence::LIST_MAX, factor::Standing};
use crate::StoreError;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;

/// Active accounts of which a second factor is required, and whether they have one.
macro_rules! required {
    () => {
        "required AS (
            SELECT a.id, EXISTS (SELECT FROM strongroom.factor f WHERE f.account_id = a.id AND f.state = 'active') AS enrolled,
                EXISTS (SELECT FROM strongroom.factor f WHERE f.account_id = a.id AND f.state = 'active'
                    AND f.kind IN ('totp', 'passkey')) AS strong,
                a.operator OR EXISTS (SELECT FROM strongroom.membership m WHERE m.account_id = a.id AND m.state = 'active'
                    AND m.role IN ('owner', 'administrator')) AS privileged
            FROM strongroom.account a WHERE a.state = 'active' AND (a.operator OR EXISTS (
                SELECT FROM strongroom.sign_in_policy p WHERE p.policy ->> 'second_factor' = 'required'
                    AND (p.organization_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
                        SELECT FROM strongroom.membership m WHERE m.account_id = a.id AND m.state = 'active'
                            AND m.organization_id = p.organization_id)))))"
    };
}

/// A live session of an account that must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct SessionFact {
    /// Its id.
    #[diesel(sql_type = Uuid)]
    pub id: uuid::Uuid,
    /// How it passed the second step, if it did.
    #[diesel(sql_type = Nullable<Text>)]
    pub factor: Option<String>,
    #[diesel(sql_type = Bool)]
    enrolled: bool,
    #[diesel(sql_type = Bool)]
    strong: bool,
    #[diesel(sql_type = Bool)]
    privileged: bool,
}

/// A live API token of such an account.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct TokenFact {
    /// Its id.
    #[diesel(sql_type = Uuid)]
    pub id: uuid::Uuid,
    #[diesel(sql_type = Bool)]
    enrolled: bool,
    #[diesel(sql_type = Bool)]
    strong: bool,
    #[diesel(sql_type = Bool)]
    privileged: bool,
}

impl SessionFact {
    /// What the account's factors are to its sign-ins.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            enrolled: self.enrolled,
            strong: self.strong,
            privileged: self.privileged,
            required: true,
            password_days_max: None,
        }
    }
}

impl TokenFact {
    /// What the account's factors are to its sign-ins.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            enrolled: self.enrolled,
            strong: self.strong,
            privileged: self.privileged,
            required: true,
            password_days_max: None,
        }
    }
}

/// Who must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct RequirementCounts {
    /// Organizations that require one.
    #[diesel(sql_type = BigInt)]
    pub organizations: i64,
    /// The appliance requires one of everybody.
    #[diesel(sql_type = Bool)]
    pub appliance: bool,
    /// Accounts that must have one.
    #[diesel(sql_type = BigInt)]
    pub accounts: i64,
    /// Of those, accounts that have one.
    #[diesel(sql_type = BigInt)]
    pub enrolled: i64,
}

/// How many accounts must have a second factor, and by whom.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_requirements(on: &mut impl Reads) -> Result<RequirementCounts, StoreError> {
    let text = concat!(
        "WITH ",
        required!(),
        ", asking AS (SELECT organization_id = '00000000-0000-0000-0000-000000000000' AS everybody
            FROM strongroom.sign_in_policy WHERE policy ->> 'second_factor' = 'required')
        SELECT (SELECT count(*) FROM asking WHERE NOT everybody) AS organizations,
            EXISTS (SELECT FROM asking WHERE everybody) AS appliance,
            count(*) AS accounts, count(*) FILTER (WHERE strong OR (enrolled AND NOT privileged)) AS enrolled FROM required"
    );
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}

/// Live sessions of accounts that must have a second factor; at most [`LIST_MAX`].
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_sessions(on: &mut impl Reads, now: Timestamp) -> Result<Vec<SessionFact>, StoreError> {
    let text = concat!(
        "WITH ",
        required!(),
        " SELECT s.id, s.factor, r.enrolled, r.strong, r.privileged FROM required r JOIN strongroom.session s ON s.account_id = r.id
        WHERE s.ended_at IS NULL AND s.expires_at > $1 ORDER BY s.id LIMIT $2"
    );
    let query = diesel::sql_query(text)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Integer, _>(LIST_MAX);
    Ok(query.load(on.connection()?).await?)
}

/// Live API tokens of accounts that must have a second factor; at most [`LIST_MAX`].
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_tokens(on: &mut impl Reads, now: Timestamp) -> Result<Vec<TokenFact>, StoreError> {
    let text = concat!(
        "WITH ",
        required!(),
        " SELECT t.id, r.enrolled, r.strong, r.privileged FROM required r JOIN strongroom.api_token t ON t.account_id = r.id
        WHERE t.revoked_at IS NULL AND t.expires_at > $1 ORDER BY t.id LIMIT $2"
    );
    let query = diesel::sql_query(text)
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<Integer, _>(LIST_MAX);
    Ok(query.load(on.connection()?).await?)
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many passwords of active accounts were set before the rules that hold for them were last changed.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_older_passwords(on: &mut impl Reads) -> Result<i64, StoreError> {
    let text = "SELECT count(*) FROM strongroom.account a WHERE a.state = 'active' AND a.password IS NOT NULL AND EXISTS (
        SELECT FROM strongroom.sign_in_policy p WHERE p.changed_at > a.password_changed_at
            AND (p.organization_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
                SELECT FROM strongroom.membership m WHERE m.account_id = a.id AND m.state = 'active'
                    AND m.organization_id = p.organization_id)))";
    Ok(diesel::sql_query(text)
        .get_result::<Count>(on.connection()?)
        .await?
        .count)
}

/// An operator, and whether they have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct OperatorFact {
    /// Their address.
    #[diesel(sql_type = Text)]
    pub email: String,
    /// They have a factor that suffices for an operator.
    #[diesel(sql_type = Bool)]
    pub enrolled: bool,
}

/// The active operators; at most [`LIST_MAX`].
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_operators(on: &mut impl Reads) -> Result<Vec<OperatorFact>, StoreError> {
    let text = "SELECT a.email, EXISTS (SELECT FROM strongroom.factor f WHERE f.account_id = a.id AND f.state = 'active'
            AND f.kind IN ('totp', 'passkey')) AS enrolled
        FROM strongroom.account a WHERE a.operator AND a.state = 'active' ORDER BY a.email LIMIT $1";
    let query = diesel::sql_query(text).bind::<Integer, _>(LIST_MAX);
    Ok(query.load(on.connection()?).await?)
}

/// How many of the active accounts have which second factor.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct KindCounts {
    /// Active accounts.
    #[diesel(sql_type = BigInt)]
    pub accounts: i64,
    /// Those with a factor.
    #[diesel(sql_type = BigInt)]
    pub with_one: i64,
    /// Those with an app.
    #[diesel(sql_type = BigInt)]
    pub totp: i64,
    /// Those with a key.
    #[diesel(sql_type = BigInt)]
    pub passkey: i64,
    /// Those who get codes by mail.
    #[diesel(sql_type = BigInt)]
    pub mail: i64,
    /// Those who get codes by SMS.
    #[diesel(sql_type = BigInt)]
    pub sms: i64,
    /// Those with a factor who never had a recovery code.
    #[diesel(sql_type = BigInt)]
    pub without_recovery: i64,
}

/// How many of the active accounts have which second factor.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn count_kinds(on: &mut impl Reads) -> Result<KindCounts, StoreError> {
    let text = "WITH kinds AS (
            SELECT a.id, array_agg(DISTINCT f.kind) FILTER (WHERE f.kind IS NOT NULL) AS has,
                EXISTS (SELECT FROM strongroom.recovery_code r WHERE r.account_id = a.id) AS recovers
            FROM strongroom.account a LEFT JOIN strongroom.factor f ON f.account_id = a.id AND f.state = 'active'
            WHERE a.state = 'active' GROUP BY a.id)
        SELECT count(*) AS accounts, count(has) AS with_one, count(*) FILTER (WHERE 'totp' = ANY (has)) AS totp,
            count(*) FILTER (WHERE 'passkey' = ANY (has)) AS passkey, count(*) FILTER (WHERE 'mail' = ANY (has)) AS mail,
            count(*) FILTER (WHERE 'sms' = ANY (has)) AS sms,
            count(*) FILTER (WHERE has IS NOT NULL AND NOT recovers) AS without_recovery FROM kinds";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}
