//! What a restore does not bring back, told before it is confirmed.

use crate::{Workspace, act::read_header, error::Result};
use audit::LeafKind;
use jiff::Timestamp;
use store::tenant::{TenantTx, audit as log, catalogue, past};

/// Most redefinitions that are told.
const TOLD_MAX: i64 = 1_000;

/// A dataset that was defined anew since: its definition stays as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redefinition {
    /// The dataset's key; its number where it is gone.
    pub dataset: String,
    /// `field.create`, `field.delete` and so on.
    pub action: String,
    /// When.
    pub at: Timestamp,
}

/// What stays as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// Acts that erased something since: that stays erased.
    pub erasures: i64,
    /// Definitions that changed since, oldest first.
    pub redefinitions: Vec<Redefinition>,
}

pub(super) async fn look(workspace: &Workspace, tx: &TenantTx, moment: Timestamp) -> Result<Aside> {
    let erasure = i16::from(LeafKind::Erasure.number());
    let erasures = log::count_between(workspace.tenant(), &[erasure], moment, None).await?;
    let configuration = i16::from(LeafKind::Configuration.number());
    let datasets = catalogue::list(workspace.tenant()).await?;
    let mut redefinitions = Vec::new();
    for entry in past::entries_since(tx, configuration, moment, TOLD_MAX).await? {
        let header = read_header(workspace.keys(), &entry)?;
        let (true, Some(id)) = (header.object.kind == "dataset", header.object.id) else {
            continue;
        };
        let named = datasets.iter().find(|dataset| dataset.id.to_string() == id);
        redefinitions.push(Redefinition {
            dataset: named.map_or(id, |dataset| dataset.key.to_string()),
            action: header.action,
            at: entry.appended_at,
        });
    }
    Ok(Aside {
        erasures,
        redefinitions,
    })
}
