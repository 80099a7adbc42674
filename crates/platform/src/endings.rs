//! How organizations end, for operators: cancelled, to be deleted, deleted, held.
//!
//! Invariants: nothing of what an organization holds is shown, and no reason that its owners wrote: only that something is in force,
//! since when, and until when. What a certificate says of copies is read out of the signed text. Start at [`overview`].

use crate::{
    Caller, Platform,
    act::vault_failure,
    deletion::{Certificate, certificate_of},
    error::Result,
    operator,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;
use store::control::{
    deletion::{self, Deletion, DeletionCause},
    legal_hold::{self, HoldInForce},
    lifecycle, organization,
};
use types::{DeletionId, OrganizationId};

/// All of it; each list has at most a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endings {
    /// Organizations that are read and exported only; whose time is over first.
    pub cancelled: Vec<Cancelled>,
    /// Deletions that are ordered and not carried out.
    pub ordered: Vec<Ordered>,
    /// Deletions that were carried out, newest first.
    pub deleted: Vec<Deleted>,
    /// Holds in force, oldest first.
    pub holds: Vec<Held>,
}

/// A cancelled organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it is deleted unless that is called off.
    pub export_until: Option<Timestamp>,
    /// A hold keeps it.
    pub is_held: bool,
}

/// A deletion to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// What the organization is called.
    pub name: String,
    /// Why.
    pub cause: DeletionCause,
    /// When it is carried out.
    pub due_at: Timestamp,
    /// A hold keeps it.
    pub is_held: bool,
}

/// A deletion that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Which.
    pub id: DeletionId,
    /// What the organization was called.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What the certificate says of copies.
    pub copies: Copies,
    /// The certificate.
    pub certificate: Certificate,
    /// Its signature in base64.
    pub signature: String,
}

/// What a certificate says of copies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Copies {
    /// When the last one at the first location ends; none where no day is stated.
    pub last_copy_ends: Option<Timestamp>,
    /// In words.
    pub note: String,
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// On which organization.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// It was placed on the host, which alone can lift it.
    pub is_by_host: bool,
}

/// How organizations end.
///
/// # Errors
/// `not-signed-in`, `not-allowed` for anybody but an operator; `unavailable`.
pub async fn overview(platform: &Platform, caller: &Caller) -> Result<Endings> {
    operator::require(caller)?;
    let mut read = platform.control().read().await?;
    let holds = legal_hold::list_in_force(&mut read).await?;
    let held: BTreeSet<OrganizationId> = holds.iter().map(|hold| hold.organization).collect();
    let cancelled = lifecycle::list_cancelled(&mut read).await?;
    let ordered = deletion::list_open(&mut read).await?;
    let deleted = deletion::list(&mut read).await?;
    Ok(Endings {
        cancelled: cancelled
            .into_iter()
            .map(|one| cancelled_of(one, &held))
            .collect(),
        ordered: ordered.into_iter().map(|one| ordered_of(one, &held)).collect(),
        deleted: deleted
            .into_iter()
            .filter_map(|one| deleted_of(one).transpose())
            .collect::<Result<_>>()?,
        holds: holds.into_iter().map(held_of).collect(),
    })
}

fn cancelled_of(one: organization::Organization, held: &BTreeSet<OrganizationId>) -> Cancelled {
    Cancelled {
        is_held: held.contains(&one.id),
        name: one.name,
        since: one.cancelled_at,
        export_until: one.export_until,
    }
}

fn ordered_of(one: Deletion, held: &BTreeSet<OrganizationId>) -> Ordered {
    Ordered {
        is_held: held.contains(&one.organization_id),
        due_at: one.due_at(),
        name: one.name,
        cause: one.cause,
    }
}

/// None for one that was not carried out.
fn deleted_of(one: Deletion) -> Result<Option<Deleted>> {
    #[derive(Deserialize)]
    struct Said {
        backups: Copies,
    }
    let (id, name) = (one.id, one.name.clone());
    let Some(certificate) = certificate_of(one) else {
        return Ok(None);
    };
    let said: Said = serde_json::from_str(&certificate.text).map_err(vault_failure)?;
    Ok(Some(Deleted {
        id,
        name,
        at: certificate.finished_at,
        copies: said.backups,
        signature: STANDARD.encode(&certificate.signature),
        certificate,
    }))
}

fn held_of(hold: HoldInForce) -> Held {
    Held {
        name: hold.name,
        since: hold.placed_at,
        is_by_host: hold.placed_by.is_none(),
    }
}
