//! Sealing the password of the organization's database login anew. The password itself stays: its role is not touched,
//! and open connections go on.

use crate::{
    PlatformError, Workspace,
    act::{Act, Object, vault_failure},
    error::Result,
};
use store::control::organization as rows;
use vault::{Purpose, seal};

/// Puts it under the newest version, if it is not there already.
pub(super) async fn reseal_login(workspace: &Workspace) -> Result<()> {
    let platform = workspace.platform();
    let id = workspace.organization().id;
    let row = rows::find_by_id(&mut platform.control().read().await?, id).await?;
    let row = row.ok_or_else(|| PlatformError::not_found("organization"))?;
    let keys = workspace.keys();
    let resealed = seal::reseal(keys, Purpose::DatabaseCredential, &id.bytes(), &row.login_sealed);
    let Some(sealed) = resealed.map_err(vault_failure)? else {
        return Ok(());
    };
    let mut tx = platform.control().begin().await?;
    if !rows::replace_login(&mut tx, id, &row.login_sealed, &sealed).await? {
        // Another rotation was quicker, and it knew at least as many versions.
        return Ok(tx.close().await?);
    }
    let act = Act::rotation("key.reencrypt", Object::new("organization", id))
        .because("the password of the database login");
    let entry = platform.entry(workspace.caller(), Some(id), &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}
