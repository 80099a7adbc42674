//! Reviews of the security logs: what was shown and who signed it, and the counts that a review is made of.

use super::{ControlTx, Reads, access_event::DOORS};
use crate::StoreError;
use diesel::sql_types::{BigInt, Binary, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;
use types::{AccountId, LogReviewId, OrganizationId};
use uuid::Uuid;

/// A signed review.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct LogReview {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Of which organization's logs; none: of the appliance's.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub organization_id: Option<Uuid>,
    /// From when on.
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    pub begins_at: Timestamp,
    /// Until when.
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    pub ends_at: Timestamp,
    /// What was shown.
    #[diesel(sql_type = Jsonb)]
    pub digest: Value,
    /// SHA-256 of it, as it was written.
    #[diesel(sql_type = Binary)]
    pub sha256: Vec<u8>,
    /// What whoever signed it said.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// Who signed it.
    #[diesel(sql_type = SqlUuid)]
    pub signed_by: Uuid,
    /// When.
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    pub signed_at: Timestamp,
}

/// A review to keep.
#[derive(Debug, Clone)]
pub struct NewLogReview<'a> {
    /// Its id.
    pub id: LogReviewId,
    /// Of which organization's logs; none: of the appliance's.
    pub organization: Option<OrganizationId>,
    /// From when on.
    pub begins_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// What was shown.
    pub digest: &'a Value,
    /// SHA-256 of it, as it was written.
    pub sha256: [u8; 32],
    /// What whoever signs it says.
    pub note: &'a str,
    /// Who signs it.
    pub signed_by: AccountId,
}

/// Keeps a review.
///
/// # Errors
/// [`StoreError::Dangling`] when account or organization is not there (any more).
pub async fn insert(tx: &mut ControlTx, new: &NewLogReview<'_>) -> Result<(), StoreError> {
    let text = "INSERT INTO strongroom.log_review
            (id, organization_id, begins_at, ends_at, digest, sha256, note, signed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    diesel::sql_query(text)
        .bind::<SqlUuid, _>(new.id.0)
        .bind::<Nullable<SqlUuid>, _>(new.organization.map(|organization| organization.0))
        .bind::<Timestamptz, _>(new.begins_at.to_diesel())
        .bind::<Timestamptz, _>(new.ends_at.to_diesel())
        .bind::<Jsonb, _>(new.digest)
        .bind::<Binary, _>(new.sha256.to_vec())
        .bind::<Text, _>(new.note)
        .bind::<SqlUuid, _>(new.signed_by.0)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Reviews of an organization's logs, or of the appliance's, newest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(
    on: &mut impl Reads,
    organization: Option<OrganizationId>,
    limit: i64,
) -> Result<Vec<LogReview>, StoreError> {
    let text = "SELECT id, organization_id, begins_at, ends_at, digest, sha256, note, signed_by, signed_at
        FROM strongroom.log_review WHERE organization_id IS NOT DISTINCT FROM $1 ORDER BY signed_at DESC, id LIMIT $2";
    let query = diesel::sql_query(text)
        .bind::<Nullable<SqlUuid>, _>(organization.map(|organization| organization.0))
        .bind::<BigInt, _>(limit);
    Ok(query.load(on.connection()?).await?)
}

/// How reviews stand.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct ReviewFigures {
    /// When the appliance's own log begins.
    #[diesel(sql_type = Nullable<Timestamptz>, deserialize_as = jiff_diesel::NullableTimestamp)]
    pub began: Option<Timestamp>,
    /// Organizations.
    #[diesel(sql_type = BigInt)]
    pub organizations: i64,
    /// Of those, how many have reviewed their own logs in the last 90 days.
    #[diesel(sql_type = BigInt)]
    pub reviewing: i64,
}

/// Counts, by the database's clock.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(on: &mut impl Reads) -> Result<ReviewFigures, StoreError> {
    let text = "SELECT (SELECT appended_at FROM strongroom.entry ORDER BY sequence LIMIT 1) AS began,
        (SELECT count(*) FROM strongroom.organization) AS organizations,
        (SELECT count(DISTINCT organization_id) FROM strongroom.log_review
            WHERE organization_id IS NOT NULL AND signed_at > now() - interval '90 days') AS reviewing";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}

/// So many things of one kind by one account from one address.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Counted {
    /// By whom, if known.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub account: Option<Uuid>,
    /// From where.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// What: a way of signing in, or an operation that was refused.
    #[diesel(sql_type = Text)]
    pub action: String,
    /// `done`, `refused` or `failed`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// The last of them.
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    pub last: Timestamp,
}

/// Sign-ins by account and address, and requests that were refused, of an organization's members or of everybody; most first, at
/// most `limit`.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Timeout`].
pub async fn count_access(
    on: &mut impl Reads,
    organization: Option<OrganizationId>,
    begins_at: Timestamp,
    ends_at: Timestamp,
    limit: i64,
) -> Result<Vec<Counted>, StoreError> {
    // What members did outside of any organization is shown to one of theirs only where it is a way in; the rest is others' business.
    let text = format!(
        "SELECT account_id AS account, address, action, outcome, count(*) AS count, max(at) AS last
        FROM strongroom.access_event e
        WHERE at >= $2 AND at < $3 AND (
            {DOORS}
                AND ($1::uuid IS NULL OR organization_id = $1 OR organization_id IS NULL AND account_id IN
                    (SELECT m.account_id FROM strongroom.membership m WHERE m.organization_id = $1))
            OR outcome = 'refused' AND ($1::uuid IS NULL OR organization_id = $1))
        GROUP BY 1, 2, 3, 4 ORDER BY outcome = 'done', count(*) DESC, max(at) DESC, 1, 2, 3 LIMIT $4"
    );
    let query = diesel::sql_query(text)
        .bind::<Nullable<SqlUuid>, _>(organization.map(|organization| organization.0))
        .bind::<Timestamptz, _>(begins_at.to_diesel())
        .bind::<Timestamptz, _>(ends_at.to_diesel())
        .bind::<BigInt, _>(limit);
    Ok(query.load(on.connection()?).await?)
}
