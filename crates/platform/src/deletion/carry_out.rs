//! The worker's part: cancellations whose time is over are ordered to be deleted, what is due is deleted, and the pages that held
//! its rows are written anew.
//!
//! Invariant: under a hold nothing begins; the database refuses what this overlooks.

use super::{
    HOURS_MAX,
    certificate::{self, Before},
};
use crate::{
    Caller, Platform,
    act::{Act, Object},
    error::{PlatformError, Result},
    mail::{self, Letter},
    workspace::random,
};
use jiff::SignedDuration;
use store::{
    StoreError,
    control::{
        ControlTx, account,
        deletion::{self as rows, Deletion},
        legal_hold, lifecycle,
        organization::{self, Organization},
    },
};
use types::{DeletionId, EmailAddress};

/// What is swept was finished so long ago: requests that were under way then have ended and are noted.
const SWEPT_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Does what is due as of now; answers how many organizations were deleted. One that fails does not hold up the others.
///
/// # Errors
/// `unavailable`.
pub async fn tend(platform: &Platform) -> Result<usize> {
    order_overdue(platform).await?;
    let now = platform.now();
    let open = rows::list_open(&mut platform.control().read().await?).await?;
    let due = open.iter().filter(|deletion| deletion.due_at() <= now);
    let mut done = 0;
    for deletion in due {
        let mut read = platform.control().read().await?;
        if legal_hold::in_force(&mut read, Some(deletion.organization_id)).await? {
            continue;
        }
        drop(read);
        match carry_out(platform, deletion).await {
            Ok(()) => done += 1,
            Err(error) => {
                let source = error.source.as_ref().map(|source| format!("{source:?}"));
                tracing::warn!(deletion = %deletion.id, detail = %error.detail, source, "an organization could not be deleted yet");
            }
        }
    }
    sweep(platform).await?;
    Ok(done)
}

/// Orders the deletion of organizations whose time for exports is over; everybody in them sees it for another day.
async fn order_overdue(platform: &Platform) -> Result<()> {
    let now = platform.now();
    let cancelled = lifecycle::list_cancelled(&mut platform.control().read().await?).await?;
    let is_over = |row: &&Organization| row.export_until.is_some_and(|until| until <= now);
    for row in cancelled.iter().filter(is_over) {
        let mut tx = platform.control().begin().await?;
        if legal_hold::in_force(&mut tx, Some(row.id)).await?
            || rows::find_open(&mut tx, row.id).await?.is_some()
        {
            tx.close().await?;
            continue;
        }
        let new = rows::NewDeletion {
            id: DeletionId::new(platform.now_ms(), random()?),
            organization: row.id,
            slug: row.slug.clone(),
            name: row.name.clone(),
            ordered_by: None,
            hours: HOURS_MAX.into(),
        };
        match rows::order(&mut tx, new).await {
            // Another worker was quicker.
            Err(StoreError::Taken { .. }) => continue,
            ordered => ordered?,
        }
        let act = Act::configuration("organization.order-deletion", Object::new("organization", row.id))
            .because("the time for exports after its cancellation is over");
        let entry = platform.entry(&Caller::system(), Some(row.id), &act)?;
        tx.commit(&entry, &[]).await?;
        tracing::info!(organization = %row.slug, "the time of a cancelled organization is over; it is deleted in a day");
    }
    Ok(())
}

/// Carries one out that is due now, without waiting for the worker.
///
/// # Errors
/// `legal-hold`; `not-found`.
pub(crate) async fn carry_out_one(platform: &Platform, id: DeletionId) -> Result<()> {
    let found = rows::find(&mut platform.control().read().await?, id).await?;
    let deletion = found.ok_or_else(|| PlatformError::not_found("deletion"))?;
    carry_out(platform, &deletion).await
}

/// Deletes for good what is due, all in one transaction.
async fn carry_out(platform: &Platform, deletion: &Deletion) -> Result<()> {
    certificate::ensure_key(platform).await?;
    let mut tx = platform.control().begin().await?;
    let address = address_of(&mut tx, deletion).await?;
    let before = before(&mut tx, deletion).await?;
    let counts = rows::destroy(&mut tx, deletion.id).await?;
    let at = platform.now();
    let signed = certificate::sign(platform, &mut tx, deletion, before, at, counts).await?;
    rows::finish(&mut tx, deletion.id, at, &signed.text, &signed.signature).await?;
    if let Some(address) = address {
        mail::post(platform, &mut tx, &Letter::certificate(&address, &signed)).await?;
    }
    let organization = deletion.organization_id;
    let object = Object::new("organization", organization);
    let act = Act::erasure("organization.delete", object, 0).because(deletion.cause.as_str());
    let entry = platform.entry(&Caller::system(), Some(organization), &act)?;
    tx.commit(&entry, &[]).await?;
    platform.homes().clear();
    platform.standings().clear();
    platform.known().clear();
    platform.datasets().clear();
    platform.tenants().forget(organization);
    tracing::info!(deletion = %deletion.id, "an organization was deleted for good");
    Ok(())
}

async fn before(tx: &mut ControlTx, deletion: &Deletion) -> Result<Before> {
    let row = organization::find_by_id(tx, deletion.organization_id).await?;
    let holds = legal_hold::list(tx, deletion.organization_id).await?;
    Ok(Before {
        export_until: row.and_then(|row| row.export_until),
        held_until: holds.iter().filter_map(|hold| hold.lifted_at).max(),
    })
}

/// Where the certificate is sent: to the owner who ordered the deletion, whose account may go with it.
async fn address_of(tx: &mut ControlTx, deletion: &Deletion) -> Result<Option<EmailAddress>> {
    let Some(owner) = deletion.ordered_by else {
        return Ok(None);
    };
    let found = account::find_by_id(tx, owner).await?;
    Ok(found.and_then(|(account, _)| account.email.parse().ok()))
}

async fn sweep(platform: &Platform) -> Result<()> {
    let now = platform.now();
    let before = now.checked_sub(SWEPT_AFTER).unwrap_or(now);
    let unswept = rows::list_unswept(&mut platform.control().read().await?, before).await?;
    for id in unswept {
        match sweep_tables(platform, id).await {
            Ok(()) => tracing::info!(deletion = %id, "what a deletion left in pages was overwritten"),
            Err(StoreError::Timeout) => {
                tracing::info!(deletion = %id, "a table is in use; the sweep goes on in a minute")
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One table after the other, each on its own: requests wait for one at most.
async fn sweep_tables(platform: &Platform, id: DeletionId) -> std::result::Result<(), StoreError> {
    let mut keep = platform.control().keep().await?;
    while let Some(relation) = rows::sweep(&mut keep, id).await? {
        tracing::debug!(deletion = %id, relation, "written anew");
    }
    Ok(())
}
