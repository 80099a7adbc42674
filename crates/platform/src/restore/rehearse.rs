//! A restore of an organization that is really carried out, and taken back, in a copy of the platform that nobody uses.
//!
//! Invariant: for copies that are thrown away afterwards, and for nothing else: what it writes stays in the copy's logs.

use super::{Target, carry_out, enter, plan};
use crate::{
    Caller, Platform, check,
    error::{PlatformError, Result},
    organization,
};
use jiff::{SignedDuration, Timestamp};
use store::control::organization::OrganizationState;
use types::ProblemCode;

/// More than these would make a drill long.
const TOUCHED_MAX: u64 = 20_000;
/// How far back, the shortest first: the first that differs is enough.
const BACK: [SignedDuration; 3] = [
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(7 * 24),
];

/// What a rehearsal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsed {
    /// So many records went back and forth again, and the log was whole each time.
    Done {
        /// Records.
        records: u64,
    },
    /// Nothing has changed within a week, so there was nothing to take back.
    NothingDiffers,
    /// Where something has changed, it is more than a copy is kept waiting for.
    TooMuch {
        /// Records in which the smallest of them differs.
        records: u64,
    },
}

/// Takes the first organization in which something differs back from `now`, undoes that, and looks at its log each time.
///
/// # Errors
/// `conflict` with what is wrong with the log afterwards; else as [`plan`] and [`carry_out`].
pub async fn rehearse(copy: &Platform, now: Timestamp) -> Result<Rehearsed> {
    let caller = Caller::host();
    let mut too_many: Option<u64> = None;
    for summary in organization::list_all(copy, &caller).await? {
        let home = copy.home_by_id(summary.id).await?;
        if home.is_none_or(|home| home.state == OrganizationState::Cancelled) {
            continue;
        }
        let workspace = enter(copy, &caller, &summary.slug).await?;
        for back in BACK {
            let moment = now.checked_sub(back).unwrap_or(Timestamp::MIN);
            let planned = match plan(&workspace, Target::Moment(moment)).await {
                // The organization is younger.
                Err(error) if error.code == ProblemCode::Invalid => break,
                planned => planned?,
            };
            match planned.touched() {
                0 => continue,
                1..=TOUCHED_MAX => {}
                more => {
                    too_many = Some(too_many.map_or(more, |known| known.min(more)));
                    continue;
                }
            }
            let done = carry_out(planned.confirm(&summary.slug)?).await?;
            require_whole(copy, &summary.slug).await?;
            let undo = plan(&workspace, Target::Undo).await?;
            carry_out(undo.confirm(&summary.slug)?).await?;
            require_whole(copy, &summary.slug).await?;
            let records = done.tallies.iter().map(super::Tally::touched).sum();
            return Ok(Rehearsed::Done { records });
        }
    }
    Ok(
        too_many.map_or(Rehearsed::NothingDiffers, |records| Rehearsed::TooMuch {
            records,
        }),
    )
}

async fn require_whole(copy: &Platform, slug: &str) -> Result<()> {
    let report = check::organization(copy, &Caller::host(), slug).await?;
    match report.faults.first() {
        None => Ok(()),
        Some(fault) => Err(PlatformError::new(
            ProblemCode::Conflict,
            format!("the log is not whole after it: {}", fault.detail),
        )),
    }
}
