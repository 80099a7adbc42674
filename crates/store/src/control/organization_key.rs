//! Organizations' keys, wrapped by the root key. The nil organization is the appliance itself.

use super::{ControlTx, Reads, schema::organization_key};
use crate::StoreError;
use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use types::OrganizationId;

/// One version of an organization's key, wrapped.
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = organization_key)]
pub struct WrappedKey {
    /// From 1.
    pub version: i32,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
    /// When it was made.
    #[diesel(deserialize_as = jiff_diesel::Timestamp)]
    pub created_at: Timestamp,
}

/// More versions than an organization ever has.
const VERSIONS_MAX: i64 = 10_000;

/// Inserts a version.
///
/// # Errors
/// [`StoreError::Taken`] when the version exists.
pub async fn insert(
    tx: &mut ControlTx,
    organization: OrganizationId,
    version: i32,
    wrapped: &[u8],
) -> Result<(), StoreError> {
    let row = (
        organization_key::organization_id.eq(organization.0),
        organization_key::version.eq(version),
        organization_key::wrapped.eq(wrapped),
    );
    diesel::insert_into(organization_key::table)
        .values(row)
        .execute(tx.connection()?)
        .await?;
    Ok(())
}

/// Every version, oldest first.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub async fn list(on: &mut impl Reads, organization: OrganizationId) -> Result<Vec<WrappedKey>, StoreError> {
    let query = organization_key::table
        .filter(organization_key::organization_id.eq(organization.0))
        .order(organization_key::version)
        .limit(VERSIONS_MAX);
    Ok(query
        .select(WrappedKey::as_select())
        .load(on.connection()?)
        .await?)
}
