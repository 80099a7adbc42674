//! How far back an organization can go, and its last restore: what a page shows before anything is asked.

use crate::{Workspace, act::read_header, error::Result};
use access::Permission;
use audit::LeafKind;
use jiff::Timestamp;
use store::tenant::past;
use types::EntryId;

/// How far back an organization can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The moment of its first entry; none where it has no entry yet.
    pub from: Option<Timestamp>,
    /// Now, by the database's clock.
    pub to: Timestamp,
    /// The last restore, which can be taken back.
    pub last: Option<LastRestore>,
}

/// A restore that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRestore {
    /// Its entry.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
    /// What it came to, as its entry says.
    pub said: String,
}

/// How far back the organization can go.
///
/// # Errors
/// `not-allowed`; `unavailable`.
pub async fn reach(workspace: &Workspace) -> Result<Reach> {
    workspace.permit(Permission::OrganizationRestore).await?;
    let tx = workspace.tenant().begin_snapshot().await?;
    let (from, to) = (past::beginning(&tx).await?, past::clock(&tx).await?);
    let found = past::newest_entry(&tx, i16::from(LeafKind::Restore.number())).await?;
    tx.close().await?;
    let told = |entry: store::tenant::audit::StoredEntry| -> Result<LastRestore> {
        let header = read_header(workspace.keys(), &entry)?;
        Ok(LastRestore {
            entry: entry.id,
            at: entry.appended_at,
            said: header.reason.unwrap_or_default(),
        })
    };
    Ok(Reach {
        from,
        to,
        last: found.map(told).transpose()?,
    })
}
