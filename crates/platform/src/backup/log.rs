//! The audit log in a backup: what was signed when it was taken, beside the leaves of a restored copy.
//!
//! Invariant: the copy's leaves are hashed anew, and compared with what the backup wrote down; no tile and no checkpoint of the running
//! platform is read for that. Start at [`see_log`].

use crate::{Platform, error::Result, ledger};
use audit::tile::Edge;
use serde::{Deserialize, Serialize};
use store::control::audit_log as rows;

/// Leaves read at once.
const PAGE: i64 = 5_000;

/// What was signed of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedLog {
    /// So many leaves.
    pub leaves: u64,
    /// The root of their tree, in hexadecimal digits.
    pub root: String,
}

/// What was signed last; none before the first time, or where it cannot be read. All of its leaves are in the database.
///
/// # Errors
/// `unavailable` when the database is away.
pub async fn signed_log(platform: &Platform) -> Result<Option<SignedLog>> {
    let signed = ledger::standing(platform).await?.signed;
    Ok(signed.map(|signed| SignedLog {
        leaves: signed.size,
        root: signed.root.to_string(),
    }))
}

/// Whether a copy has the leaves that were signed when its backup was taken; gives in what it differs.
///
/// # Errors
/// `unavailable` when the copy cannot be read.
pub async fn see_log(copy: &Platform, wanted: &SignedLog) -> Result<std::result::Result<(), String>> {
    let mut edge = Edge::default();
    while edge.size() < wanted.leaves {
        let first = i64::try_from(edge.size()).unwrap_or(i64::MAX);
        let page = rows::leaves_from(&mut copy.control().read().await?, first, PAGE).await?;
        let follow = (first..)
            .zip(&page)
            .all(|(expected, leaf)| expected == leaf.index);
        if page.is_empty() || !follow {
            return Ok(Err(format!(
                "leaves of the audit log from {first} on are gone, and {} were signed",
                wanted.leaves
            )));
        }
        let left = usize::try_from(wanted.leaves - edge.size()).unwrap_or(usize::MAX);
        edge.append(page.into_iter().take(left).map(|stored| stored.leaf));
    }
    let root = edge.root().to_string();
    Ok(match root == wanted.root {
        true => Ok(()),
        false => Err(format!(
            "the first {} leaves of the audit log have the root {root}, and {} was signed",
            wanted.leaves, wanted.root
        )),
    })
}
