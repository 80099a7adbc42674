//! Cancelled organizations can be exported, do not change, and are deleted when their time is over: no sooner, no later.

use super::{function, homes, look::Look};
use crate::{Platform, error::Result};
use jiff::{SignedDuration, Timestamp};
use promises::Outcome;
use store::{
    control::{
        deletion::{self, DeletionCause},
        legal_hold, lifecycle,
        organization::OrganizationState,
    },
    tenant::audit,
};

pub(super) const ID: &str = "export-after-cancellation";

/// Kinds of entries that change something: a change, an erasure, a configuration.
const CHANGES: [i16; 3] = [1, 2, 6];
/// The worker orders the deletion within a minute, for a day later; longer when it stood still.
const SLACK: SignedDuration = SignedDuration::from_hours(3);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    guards(platform, &mut look).await?;
    let cancelled = lifecycle::list_cancelled(&mut platform.control().read().await?).await?;
    for home in homes(platform).await? {
        let row = cancelled.iter().find(|row| row.id == home.summary.id);
        let Some((row, since)) = row.and_then(|row| Some((row, row.cancelled_at?))) else {
            continue;
        };
        if home.state != OrganizationState::Cancelled {
            continue;
        }
        let written = audit::count_between(&home.tenant, &CHANGES, since, None).await?;
        if written > 0 {
            let what = format!("{written} changes were made after its cancellation");
            look.fault(
                what,
                &*row.slug,
                "look into its audit log who made them and how, and report this",
            );
        }
        if row.export_until.is_some_and(|until| is_late(platform, until)) {
            let mut read = platform.control().read().await?;
            let held = legal_hold::in_force(&mut read, Some(row.id)).await?;
            if !held && deletion::find_open(&mut read, row.id).await?.is_none() {
                let what = "its time for exports is over and it is not being deleted";
                look.fault(
                    what,
                    &*row.slug,
                    "see that the worker runs: systemctl status strongroom-worker",
                );
            }
        }
    }
    let done = deletion::list(&mut platform.control().read().await?).await?;
    let of_window =
        |one: &&deletion::Deletion| one.cause == DeletionCause::Window && one.finished_at.is_some();
    for gone in done.iter().filter(of_window) {
        let until = super::deletion::moment(gone, "export_until");
        if gone.finished_at < until || until.is_none() {
            let what = "it was deleted before its time for exports was over";
            look.fault(what, &*gone.slug, "restore it from a backup, and report this");
        }
    }
    Ok(look
        .fact("cancelled organizations", cancelled.len())
        .fact("deleted after their time", done.iter().filter(of_window).count())
        .fact(
            "days that a cancellation leaves",
            crate::lifecycle::window_days(platform).await?,
        )
        .done())
}

fn is_late(platform: &Platform, until: Timestamp) -> bool {
    until.checked_add(SLACK).is_ok_and(|late| late < platform.now())
}

/// The functions that refuse what a cancellation or a hold forbids.
const REFUSERS: [&str; 13] = [
    "_append",
    "_append_record",
    "_check_delete",
    "_claim_images",
    "_keep_person_hit",
    "_keep_person_request",
    "_settle_claim",
    "destroy_organization",
    "keep_deletion",
    "keep_legal_hold",
    "refuse_if_held",
    "refuse_loss",
    "refuse_trim_under_hold",
];

/// The triggers and functions that refuse what a cancellation or a hold forbids.
pub(super) async fn guards(platform: &Platform, look: &mut Look) -> Result<()> {
    function::check(platform, |name| REFUSERS.contains(&name), look).await?;
    for broken in lifecycle::list_broken_guards(&mut platform.control().read().await?).await? {
        let place = format!("{}.{}", broken.schema, broken.relation);
        let what = format!("the trigger {} is missing or disabled", broken.guard);
        look.fault(
            what,
            place,
            "look who changed the database, and restore the trigger from the migrations",
        );
    }
    Ok(())
}
