//! The deletion of an organization: ordered by an owner who types its name, called back within its delay by any owner, or carried out
//! for good by the worker, with a signed certificate.
//!
//! Invariants: nothing is deleted that was not ordered, is not due, or is under a hold: the database looks for itself
//! (`destroy_organization`); carrying out is one transaction, so that a kill at any moment undoes it and the worker begins anew.
//! Start at [`order`], then [`tend`].

mod backups;
mod carry_out;
mod certificate;

pub(crate) use carry_out::carry_out_one;
pub use carry_out::tend;
pub(crate) use certificate::certificate_of;
pub use certificate::{Certificate, certificates, public_key};

use crate::{
    Workspace,
    error::{PlatformError, Result},
    lifecycle::{self, Lifecycle, commit, require_meant},
    workspace::random,
};
use access::Permission;
use store::{
    StoreError,
    control::{deletion as rows, legal_hold},
};
use types::{DeletionId, ProblemCode};

/// The shortest delay in hours; the database holds to it too.
pub const HOURS_MIN: u8 = 1;
/// The longest: the promise says 24 hours.
pub const HOURS_MAX: u8 = 24;
/// What holds unless the owner says otherwise: a night to think it over, and half a day left for the worker.
pub const HOURS_DEFAULT: u8 = 12;

/// Orders the deletion of the organization. Everybody in it sees that until it is carried out or called back.
///
/// # Errors
/// `not-allowed` for anybody but an owner; `proof-required`; `invalid` unless its name in addresses is `typed` and for a delay out of
/// bounds; `legal-hold` while one is in force; `conflict` when it is ordered already.
pub async fn order(workspace: &Workspace, typed: &str, hours: u8) -> Result<Lifecycle> {
    let by = require_meant(workspace, Permission::OrganizationDelete).await?;
    let summary = workspace.organization();
    if typed.trim() != summary.slug {
        let message = format!("type {} to delete the organization for good", summary.slug);
        return Err(PlatformError::invalid_at("/name", "not-confirmed", message));
    }
    if !(HOURS_MIN..=HOURS_MAX).contains(&hours) {
        let message = format!("{HOURS_MIN} to {HOURS_MAX} hours");
        return Err(PlatformError::invalid_at("/hours", "out-of-range", message));
    }
    let platform = workspace.platform();
    let mut tx = platform.control().begin().await?;
    if legal_hold::in_force(&mut tx, Some(summary.id)).await? {
        return Err(StoreError::Held.into());
    }
    let new = rows::NewDeletion {
        id: DeletionId::new(platform.now_ms(), random()?),
        organization: summary.id,
        slug: summary.slug.clone(),
        name: summary.name.clone(),
        ordered_by: Some(by),
        hours: hours.into(),
    };
    match rows::order(&mut tx, new).await {
        Err(StoreError::Taken { .. }) => {
            let why = "the deletion is ordered already; call that one back first to order another";
            return Err(PlatformError::new(ProblemCode::Conflict, why));
        }
        done => done?,
    }
    let reason = format!("in {hours} hours");
    commit(workspace, tx, "organization.order-deletion", &reason).await?;
    lifecycle::show(workspace).await
}

/// Calls the ordered deletion back. No proof is asked for: whoever stops a mistake should not be stopped. After a cancellation whose
/// time is over, take the cancellation back instead, or the deletion is ordered again.
///
/// # Errors
/// `not-allowed` for anybody but an owner; `conflict` when none is ordered.
pub async fn call_back(workspace: &Workspace) -> Result<Lifecycle> {
    let permit = workspace.permit(Permission::OrganizationDelete).await?;
    let by = permit.account().map(types::AccountId);
    let mut tx = workspace.platform().control().begin().await?;
    match rows::call_back(&mut tx, workspace.organization().id, by).await {
        Err(StoreError::NotFound) => {
            let why = "no deletion is ordered";
            return Err(PlatformError::new(ProblemCode::Conflict, why));
        }
        done => done?,
    };
    commit(workspace, tx, "organization.call-deletion-back", "by an owner").await?;
    lifecycle::show(workspace).await
}
