//! How quickly the disabled lost what they had: sessions, requests, tokens and jobs after the moment that the database noted.

use super::Reads;
use crate::StoreError;
use diesel::sql_types::{BigInt, Double, Integer, Nullable};
use diesel_async::RunQueryDsl;

/// What is left of those who were disabled, in an organization or altogether.
#[derive(Debug, Clone, Copy, PartialEq, diesel::QueryableByName)]
pub struct WithdrawalFigures {
    /// Who was disabled within the days looked at.
    #[diesel(sql_type = BigInt)]
    pub recent: i64,
    /// The longest until a session of one of them was ended, in milliseconds; none where nobody had one.
    #[diesel(sql_type = Nullable<Double>)]
    pub slowest_ms: Option<f64>,
    /// Sessions of disabled accounts that are not ended.
    #[diesel(sql_type = BigInt)]
    pub open_sessions: i64,
    /// Requests that were carried out for them too late.
    #[diesel(sql_type = BigInt)]
    pub answered: i64,
    /// Tokens of theirs that were used too late.
    #[diesel(sql_type = BigInt)]
    pub used_tokens: i64,
    /// Jobs of theirs that run.
    #[diesel(sql_type = BigInt)]
    pub running_jobs: i64,
}

/// Counts by the database's clock: what happened more than `grace_seconds` after the disabling, in the last `days`.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn figures(
    on: &mut impl Reads,
    grace_seconds: i32,
    days: i32,
) -> Result<WithdrawalFigures, StoreError> {
    let text = "WITH withdrawn AS MATERIALIZED (
            SELECT id AS account_id, NULL::uuid AS organization_id, withdrawn_at,
                withdrawn_at + make_interval(secs => $1) AS ends_at
            FROM strongroom.account WHERE state <> 'active' OR barred_by_directory
            UNION ALL SELECT account_id, organization_id, withdrawn_at, withdrawn_at + make_interval(secs => $1)
            FROM strongroom.membership WHERE state = 'disabled'
        ), recent AS (
            SELECT * FROM withdrawn WHERE withdrawn_at > now() - make_interval(days => $2)
        )
        SELECT (SELECT count(*) FROM recent) AS recent,
            (SELECT max(extract(epoch FROM greatest(s.ended_at - w.withdrawn_at, interval '0')) * 1000)::double precision
                FROM recent w JOIN strongroom.session s ON s.account_id = w.account_id
                WHERE w.organization_id IS NULL AND s.created_at <= w.withdrawn_at
                AND s.ended_at >= w.withdrawn_at - make_interval(secs => $1)) AS slowest_ms,
            (SELECT count(*) FROM withdrawn w JOIN strongroom.session s ON s.account_id = w.account_id
                WHERE w.organization_id IS NULL AND s.ended_at IS NULL
                AND coalesce(w.ends_at, '-infinity') < now()) AS open_sessions,
            (SELECT count(*) FROM recent w JOIN strongroom.access_event e ON e.account_id = w.account_id
                WHERE (w.organization_id IS NULL OR e.organization_id = w.organization_id)
                AND e.outcome = 'done' AND e.method <> 'none' AND e.at > w.ends_at) AS answered,
            (SELECT count(*) FROM recent w JOIN strongroom.api_token t ON t.account_id = w.account_id
                WHERE (w.organization_id IS NULL OR t.organization_id = w.organization_id)
                AND t.last_used_at > w.ends_at) AS used_tokens,
            (SELECT count(*) FROM withdrawn w JOIN strongroom.job j ON j.account_id = w.account_id
                WHERE (w.organization_id IS NULL OR j.organization_id = w.organization_id)
                AND j.state = 'running' AND j.lease_until > now()
                AND coalesce(w.ends_at, '-infinity') < now()) AS running_jobs";
    let query = diesel::sql_query(text)
        .bind::<Integer, _>(grace_seconds)
        .bind::<Integer, _>(days);
    Ok(query.get_result(on.connection()?).await?)
}
