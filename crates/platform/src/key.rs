//! Keys of organizations and of the appliance itself: made, wrapped by the root key, loaded.

use crate::{
    act::{Act, Commitments, Object, seal_entry, vault_failure},
    caller::Caller,
    error::{PlatformError, Result},
    workspace::random,
};
use jiff::Timestamp;
use store::{
    StoreError,
    control::{Control, ControlTx, organization_key as rows},
};
use types::{EntryId, OrganizationId};
use vault::{OrganizationKey, OrganizationKeys, RootKey, hierarchy::APPLIANCE};

/// The keys of an organization, every version.
pub(crate) async fn load(
    control: &Control,
    root: &RootKey,
    organization: OrganizationId,
) -> Result<OrganizationKeys> {
    let mut read = control.read().await?;
    let mut keys = Vec::new();
    for row in rows::list(&mut read, organization).await? {
        let version = u32::try_from(row.version).map_err(vault_failure)?;
        let key =
            OrganizationKey::unwrap(root, organization, version, &row.wrapped).map_err(vault_failure)?;
        keys.push((version, key));
    }
    OrganizationKeys::new(organization, keys).map_err(vault_failure)
}

/// Makes the first key of an organization within the transaction that makes the organization.
pub(crate) async fn create_first(
    tx: &mut ControlTx,
    root: &RootKey,
    organization: OrganizationId,
) -> Result<OrganizationKeys> {
    let key = OrganizationKey::generate().map_err(vault_failure)?;
    let wrapped = key.wrap(root, organization, 1).map_err(vault_failure)?;
    rows::insert(tx, organization, 1, &wrapped).await?;
    OrganizationKeys::new(organization, [(1, key)]).map_err(vault_failure)
}

/// The appliance's keys; made at the very first start.
pub(crate) async fn appliance_keys(
    control: &Control,
    root: &RootKey,
    clock: fn() -> Timestamp,
) -> Result<OrganizationKeys> {
    let known = rows::list(&mut control.read().await?, APPLIANCE).await?;
    if !known.is_empty() {
        return load(control, root, APPLIANCE).await;
    }
    let mut tx = control.begin().await?;
    let keys = match create_first(&mut tx, root, APPLIANCE).await {
        // Another process was quicker.
        Err(PlatformError {
            source: Some(crate::Failure::Store(StoreError::Taken { .. })),
            ..
        }) => {
            drop(tx);
            return load(control, root, APPLIANCE).await;
        }
        made => made?,
    };
    let now = clock();
    let id = EntryId::new(u64::try_from(now.as_millisecond()).unwrap_or(0), random()?);
    let act = Act::configuration("appliance.begin", Object::unknown("appliance"));
    let entry = seal_entry(
        &keys,
        &Caller::host(),
        None,
        id,
        now,
        &act,
        Commitments::default(),
    )?;
    tx.commit(&entry, &[]).await?;
    Ok(keys)
}
