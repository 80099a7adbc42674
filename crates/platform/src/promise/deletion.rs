//! Orders to delete against what was carried out: in time, certified, and with nothing left of it in the running database.

use super::look::Look;
use crate::{
    Caller, Platform,
    deletion::{certificate_of, public_key},
    error::Result,
};
use jiff::{SignedDuration, Timestamp};
use promises::Outcome;
use store::control::{
    deletion::{self, Deletion},
    legal_hold,
};

pub(super) const ID: &str = "deletion-24h";

/// The promise.
const HOURS: SignedDuration = SignedDuration::from_hours(24);
/// After a hold was lifted the worker needs a moment.
const AFTER_HOLD: SignedDuration = SignedDuration::from_hours(1);
/// The pages of shared tables are written anew so long after at most.
const SWEPT_WITHIN: SignedDuration = SignedDuration::from_hours(1);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let (mut waiting, mut held, mut done) = (0, 0, 0);
    for one in &deletion::list_open(&mut platform.control().read().await?).await? {
        match is_held(platform, one).await? {
            true => held += 1,
            false => {
                waiting += 1;
                overdue(one, platform.now(), &mut look);
            }
        }
    }
    let key = public_key(platform, &Caller::system()).await?.unwrap_or_default();
    for one in &deletion::list(&mut platform.control().read().await?).await? {
        if let Some(finished) = one.finished_at {
            done += 1;
            judge_finished(one, finished, &key, platform.now(), &mut look);
        }
    }
    for left in deletion::leftovers(&mut platform.control().read().await?).await? {
        let what = format!("{} {} of deleted organizations are left", left.count, left.place);
        look.fault(
            what,
            "the running database",
            "remove what is left, and report this as a bug",
        );
    }
    Ok(look
        .fact("carried out", done)
        .fact("ordered and not yet due", waiting)
        .fact("held up by a legal hold", held)
        .done())
}

fn judge_finished(one: &Deletion, finished: Timestamp, key: &str, now: Timestamp, look: &mut Look) {
    let worker = "see why the worker stood still: journalctl -u strongroom-worker";
    if finished > latest(one) {
        let what = "it was carried out more than 24 hours after the order";
        look.fault(what, &*one.slug, worker);
    }
    let sweep_ends = finished.checked_add(SWEPT_WITHIN).unwrap_or(Timestamp::MAX);
    if one.swept_at.is_none() && sweep_ends < now {
        let what = "the pages that held its rows in shared tables are not written anew";
        look.fault(what, &*one.slug, worker);
    }
    let is_signed = certificate_of(one.clone())
        .is_some_and(|found| vault::signing::is_signed(key, found.text.as_bytes(), &found.signature));
    if !is_signed {
        let what = "its certificate is not signed by this appliance's key";
        let instead = "look who changed the certificate or the key in the database";
        look.fault(what, &*one.slug, instead);
    }
}

fn overdue(one: &Deletion, now: Timestamp, look: &mut Look) {
    if now > latest(one) {
        let what = "it was ordered more than 24 hours ago and is not carried out";
        look.fault(what, &*one.slug, "see why: journalctl -u strongroom-worker");
    }
}

async fn is_held(platform: &Platform, one: &Deletion) -> Result<bool> {
    let mut read = platform.control().read().await?;
    let holds = legal_hold::list(&mut read, one.organization_id).await?;
    let lately = |at: Timestamp| at.checked_add(AFTER_HOLD).is_ok_and(|end| end > platform.now());
    Ok(holds.iter().any(|hold| hold.lifted_at.is_none_or(lately)))
}

/// The latest that it may be carried out.
fn latest(one: &Deletion) -> Timestamp {
    let ordered = one.ordered_at.checked_add(HOURS).unwrap_or(Timestamp::MAX);
    // The worker looks once a minute, and dropping takes a while; what is ordered for 24 hours is due at the last moment.
    let ordered = ordered.checked_add(AFTER_HOLD).unwrap_or(Timestamp::MAX);
    let held = moment(one, "held_until").and_then(|until| until.checked_add(AFTER_HOLD).ok());
    held.map_or(ordered, |held| held.max(ordered))
}

/// A moment that a certificate states.
pub(super) fn moment(one: &Deletion, name: &str) -> Option<Timestamp> {
    let statement: serde_json::Value = serde_json::from_str(one.certificate.as_deref()?).ok()?;
    statement.get(name)?.as_str()?.parse().ok()
}
