//! The state of an organization: active, or cancelled with the day until which it can be exported.
//!
//! Invariant: when the transaction that cancelled has committed, no change is under way that did not see it; the trigger
//! `refuse_at_end` refuses the ones after.

use super::{ControlTx, Reads, account::found, organization::Organization, schema::organization};
use crate::StoreError;
use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    sql_types::{Integer, Text, Timestamptz, Uuid},
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
