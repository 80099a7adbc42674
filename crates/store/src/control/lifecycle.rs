//! The state of an organization: active, or cancelled with the day until which it can be exported.
//!
//! Invariant: when the transaction that cancelled has committed, no change is under way that did not see it; the function
//! `_append_record` refuses the ones after.

use super::{ControlTx, Reads, account::found, organization::Organization, schema::organization};
use crate::StoreError;
use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    sql_types::{BigInt, Integer, Text, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use types::{OrganizationId, PageSize, SchemaName};

#[derive(diesel::QueryableByName)]
struct Until {
    #[diesel(sql_type = Timestamptz, deserialize_as = jiff_diesel::Timestamp)]
    until: Timestamp,
}

/// Waits for the changes of an organization that are under way, and holds new ones up until this transaction ends.
///
/// # Errors
/// [`StoreError::Timeout`] when a change goes on for longer than the role's lock time-out.
pub async fn hold_writers(tx: &mut ControlTx, schema: &SchemaName) -> Result<(), StoreError> {
    let query = diesel::sql_query("SELECT strongroom.hold_writers_of($1)").bind::<Text, _>(schema.as_str());
    query.execute(tx.connection()?).await?;
    Ok(())
}

/// Cancels an active organization, by the database's clock; answers until when it can be exported.
///
/// # Errors
/// [`StoreError::NotFound`] when it is cancelled already or not there; [`StoreError::Refused`] for fewer than 30 days or more
/// than 365.
pub async fn cancel(tx: &mut ControlTx, id: OrganizationId, days: i32) -> Result<Timestamp, StoreError> {
    let text = "WITH now AS (SELECT clock_timestamp() AS at)
        UPDATE strongroom.organization SET state = 'cancelled', cancelled_at = now.at,
            export_until = now.at + $2 * interval '24 hours'
        FROM now WHERE id = $1 AND state = 'active' RETURNING export_until AS until";
    let query = diesel::sql_query(text)
        .bind::<Uuid, _>(id.0)
        .bind::<Integer, _>(days);
    let row: Until = query.get_result(tx.connection()?).await?;
    Ok(row.until)
}

/// Makes a cancelled organization active again.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not cancelled or not there.
pub async fn reinstate(tx: &mut ControlTx, id: OrganizationId) -> Result<(), StoreError> {
    let text = "UPDATE strongroom.organization SET state = 'active', cancelled_at = NULL, export_until = NULL
        WHERE id = $1 AND state = 'cancelled'";
    let query = diesel::sql_query(text).bind::<Uuid, _>(id.0);
    found(query.execute(tx.connection()?).await?)
}

/// Cancelled organizations, the one whose time is over first before the others; at most a page.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_cancelled(on: &mut impl Reads) -> Result<Vec<Organization>, StoreError> {
    let query = organization::table
        .filter(organization::cancelled_at.is_not_null())
        .order((organization::export_until, organization::id))
        .limit(PageSize::MAX.into());
    Ok(query
        .select(Organization::as_select())
        .load(on.connection()?)
        .await?)
}

/// A guard of cancellations and holds that does not do its work.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct BrokenGuard {
    /// The schema of its table.
    #[diesel(sql_type = Text)]
    pub schema: String,
    /// Its table.
    #[diesel(sql_type = Text)]
    pub relation: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub guard: String,
}

/// Guards that are missing or disabled, in every organization's schema and the control schema: none if all is well.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_broken_guards(on: &mut impl Reads) -> Result<Vec<BrokenGuard>, StoreError> {
    let text = "WITH guard (home, relation, guard) AS (VALUES
            ('organization', '_file', 'refuse_loss'), ('organization', '_file_chunk', 'refuse_loss'),
            ('organization', '_image', 'claim_images'),
            ('organization', '_field', 'refuse_loss'), ('organization', '_dataset', 'refuse_loss'),
            ('organization', '_person_request', 'keep_person_request'), ('organization', '_person_hit', 'keep_person_hit'),
            ('control', 'legal_hold', 'keep_legal_hold'), ('control', 'deletion', 'keep_deletion'),
            ('control', 'access_log_trim', 'refuse_trim_under_hold'))
        SELECT n.nspname::text AS schema, c.relname::text AS relation, g.guard FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN guard g ON g.relation = c.relname
            AND CASE g.home WHEN 'control' THEN n.nspname = 'strongroom' ELSE n.nspname ~ '^o_[a-z2-7]{26}$' END
        WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = g.guard AND t.tgenabled IN ('O', 'A'))
        ORDER BY 1, 2, 3 LIMIT 100";
    Ok(diesel::sql_query(text).load(on.connection()?).await?)
}

/// How cancellations and holds stand to what they forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct HoldFigures {
    /// Holds in force.
    #[diesel(sql_type = BigInt)]
    pub in_force: i64,
    /// Holds that were lifted.
    #[diesel(sql_type = BigInt)]
    pub lifted: i64,
    /// Holds without a reason or a person, lifted by the member whom they concern, or by a member where the host placed them.
    #[diesel(sql_type = BigInt)]
    pub unlawful: i64,
    /// Months of the access log that went during a hold.
    #[diesel(sql_type = BigInt)]
    pub trimmed: i64,
}

/// Counts.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn hold_figures(on: &mut impl Reads) -> Result<HoldFigures, StoreError> {
    let text = "SELECT count(*) FILTER (WHERE lifted_at IS NULL) AS in_force,
            count(*) FILTER (WHERE lifted_at IS NOT NULL) AS lifted,
            count(*) FILTER (WHERE btrim(reason) = '' OR btrim(person) = '' OR lifted_by = concerns
                OR placed_by IS NULL AND lifted_by IS NOT NULL) AS unlawful,
            (SELECT count(*) FROM strongroom.access_log_trim t WHERE EXISTS (SELECT FROM strongroom.legal_hold h
                WHERE t.trimmed_at > h.placed_at AND t.trimmed_at < coalesce(h.lifted_at, 'infinity'))) AS trimmed
        FROM strongroom.legal_hold";
    Ok(diesel::sql_query(text).get_result(on.connection()?).await?)
}
