//! What is asked of sign-ins and passwords: by the appliance (the nil id) of everybody, by an organization of its members.

use super::{ControlTx, Reads};
use crate::StoreError;
use diesel::{
    OptionalExtension,
    sql_types::{Jsonb, Timestamptz, Uuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::Value;
use types::{AccountId, OrganizationId};

#[derive(diesel::QueryableByName)]
struct Stored {
    #[diesel(sql_type = Jsonb)]
    policy: Value,
}

/// What an organization, or the appliance under the nil id, asks; none when it never said.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn find(on: &mut impl Reads, organization: OrganizationId) -> Result<Option<Value>, StoreError> {
    let text = "SELECT policy FROM strongroom.sign_in_policy WHERE organization_id = $1";
    let query = diesel::sql_query(text).bind::<Uuid, _>(organization.0);
    let found: Option<Stored> = query.get_result(on.connection()?).await.optional()?;
    Ok(found.map(|found| found.policy))
}

/// What the organizations ask that an account is an active member of.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list_of_organizations(
    on: &mut impl Reads,
    account: AccountId,
) -> Result<Vec<Value>, StoreError> {
    let text = "SELECT p.policy FROM strongroom.sign_in_policy p
        JOIN strongroom.membership m ON m.organization_id = p.organization_id
        WHERE m.account_id = $1 AND m.state = 'active'";
    let query = diesel::sql_query(text).bind::<Uuid, _>(account.0);
    let found: Vec<Stored> = query.load(on.connection()?).await?;
    Ok(found.into_iter().map(|found| found.policy).collect())
}

/// Sets what is asked, whether something was asked before or not.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn set(
    tx: &mut ControlTx,
    organization: OrganizationId,
    policy: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text =
        "INSERT INTO strongroom.sign_in_policy (organization_id, policy, changed_at) VALUES ($1, $2, $3)
        ON CONFLICT (organization_id) DO UPDATE SET policy = $2, changed_at = $3";
    diesel::sql_query(text)
        .bind::<Uuid, _>(organization.0)
        .bind::<Jsonb, _>(policy)
        .bind::<Timestamptz, _>(now.to_diesel())
        .execute(tx.connection()?)
        .await?;
    Ok(())
}
