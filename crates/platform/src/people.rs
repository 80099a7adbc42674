//! The names behind account ids, for pages that say who did something.
//!
//! Invariant: whoever may read the records may know who changed them; nobody else learns a name.

use crate::{Workspace, account, error::Result};
use access::Permission;
use std::collections::BTreeMap;
use types::AccountId;

/// The names of accounts; unknown ids are left out.
///
/// # Errors
/// `not-allowed`, `unavailable`.
pub async fn names(workspace: &Workspace, ids: &[AccountId]) -> Result<BTreeMap<AccountId, String>> {
    workspace.permit(Permission::RecordRead).await?;
    account::names(workspace.platform(), ids).await
}
