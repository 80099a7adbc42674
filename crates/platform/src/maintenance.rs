//! Maintenance: for a time everything can be read and nothing changed, through whatever door.
//!
//! Invariant: the database decides (`is_in_maintenance`): it takes no entry of a change, and without its entry no change
//! is taken. What is here says so early, before a body is read or a job begun, and tells people. Signing in and out, and
//! acts that only leave a trace (reveal, export), go on. Start at [`refuse_changes`].

use crate::{
    Platform,
    act::{Act, Object},
    caller::{Caller, Identity},
    error::{PlatformError, Result},
};
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;
use store::control::maintenance as rows;
use types::ProblemCode;

/// Most characters of the operator's message.
pub const MESSAGE_LENGTH_MAX: usize = 300;
/// No maintenance lies further ahead, or lasts longer: a forgotten one should not be found in a year.
pub const DAYS_MAX: i64 = 30;
/// When its end is not known, or far, programs ask again after so many seconds.
const RETRY_SECONDS: u32 = 300;

/// What the operator asks for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// When it begins; at once if nothing is said.
    pub from: Option<Timestamp>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// A sentence for people.
    pub message: Option<String>,
}

/// Before or during.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It will begin; everything works.
    Announced,
    /// Nothing can be changed.
    On,
}

/// A maintenance that is announced or on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Announced or on.
    pub phase: Phase,
    /// When it begins or began.
    pub from: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The operator's sentence.
    pub message: Option<String>,
}

/// The phase of a plan as of `now`; none when its time is over.
fn at(plan: &rows::Plan, now: Timestamp) -> Option<Maintenance> {
    if plan.until.is_some_and(|until| until <= now) {
        return None;
    }
    let phase = if plan.from <= now {
        Phase::On
    } else {
        Phase::Announced
    };
    Some(Maintenance {
        phase,
        from: plan.from,
        until: plan.until,
        message: plan.message.clone(),
    })
}

/// What is announced or on; at most two seconds late.
///
/// # Errors
/// `unavailable`.
pub async fn current(platform: &Platform) -> Result<Option<Maintenance>> {
    let plan = match platform.maintenance().get(&()) {
        Some(plan) => plan,
        None => {
            let read = Instant::now();
            let plan = rows::get(&mut platform.control().read().await?).await?;
            platform.maintenance().put((), plan.clone(), read);
            plan
        }
    };
    Ok(plan.and_then(|plan| at(&plan, platform.now())))
}

/// Refuses a change while maintenance is on, before any work is done for it.
///
/// # Errors
/// `maintenance`, with the seconds after which to try again; `unavailable`.
pub async fn refuse_changes(platform: &Platform) -> Result<()> {
    match current(platform).await? {
        Some(maintenance) if maintenance.phase == Phase::On => Err(refusal(&maintenance, platform.now())),
        _ => Ok(()),
    }
}

fn refusal(maintenance: &Maintenance, now: Timestamp) -> PlatformError {
    let end = maintenance
        .until
        .map_or_else(String::new, |until| format!(" until {until}"));
    let message = maintenance
        .message
        .as_deref()
        .map_or_else(String::new, |text| format!(": {text}"));
    let left = maintenance
        .until
        .map(|until| until.duration_since(now).as_secs() + 1);
    let seconds = left
        .and_then(|left| u32::try_from(left).ok())
        .unwrap_or(RETRY_SECONDS);
    PlatformError {
        retry_after_seconds: Some(seconds.clamp(1, RETRY_SECONDS)),
        ..PlatformError::new(
            ProblemCode::Maintenance,
            format!("nothing can be changed during maintenance{end}, everything can be read{message}"),
        )
    }
}

/// What the database's own refusal says; it does not know for how long.
pub(crate) fn refused_by_database() -> PlatformError {
    PlatformError {
        retry_after_seconds: Some(RETRY_SECONDS),
        ..PlatformError::new(
            ProblemCode::Maintenance,
            "nothing can be changed during maintenance, and nothing was changed; try again when it is over",
        )
    }
}

fn require_host(caller: &Caller) -> Result<()> {
    match caller.identity {
        Identity::Host => Ok(()),
        _ => Err(PlatformError::new(
            ProblemCode::NotAllowed,
            "this is done on the host",
        )),
    }
}

fn planned(wish: Wish, now: Timestamp) -> Result<rows::Plan> {
    let from = wish.from.unwrap_or(now);
    let furthest = |time: Timestamp| {
        time.checked_add(SignedDuration::from_hours(24 * DAYS_MAX))
            .unwrap_or(time)
    };
    if from > furthest(now) {
        let text = format!("it may begin at most {DAYS_MAX} days from now");
        return Err(PlatformError::invalid_at("/from", "out-of-range", text));
    }
    if let Some(until) = wish.until
        && (until <= from.max(now) || until > furthest(from))
    {
        let text = format!("it must end after it begins and after now, and last at most {DAYS_MAX} days");
        return Err(PlatformError::invalid_at("/until", "out-of-range", text));
    }
    let message = wish
        .message
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
    if let Some(text) = &message
        && (text.chars().count() > MESSAGE_LENGTH_MAX || text.chars().any(char::is_control))
    {
        let text = format!("at most {MESSAGE_LENGTH_MAX} characters on one line");
        return Err(PlatformError::invalid_at("/message", "malformed", text));
    }
    let until = wish.until;
    Ok(rows::Plan { from, until, message })
}

/// Announces maintenance or switches it on, in the place of one that is there. When it answers, no change is under way
/// that began before.
///
/// # Errors
/// `not-allowed` but for the host; `invalid`; `timeout` when a change is under way for longer than ten seconds.
pub async fn begin(platform: &Platform, caller: &Caller, wish: Wish) -> Result<Maintenance> {
    require_host(caller)?;
    let now = platform.now();
    let plan = planned(wish, now)?;
    let until = plan
        .until
        .map_or_else(|| "it is switched off".to_owned(), |until| until.to_string());
    let reason = format!("from {} until {until}", plan.from);
    let mut tx = platform.control().begin().await?;
    rows::hold_writers(&mut tx).await?;
    rows::set(&mut tx, Some(&plan), now).await?;
    let act = Act::configuration("maintenance.begin", Object::new("appliance", "maintenance"));
    let entry = platform.entry(caller, None, &act.because(&reason))?;
    tx.commit(&entry, &[]).await?;
    platform.maintenance().clear();
    at(&plan, now).ok_or_else(|| PlatformError::invariant("a maintenance that ends before it begins"))
}

/// Switches it off; false when nothing was on or announced.
///
/// # Errors
/// `not-allowed` but for the host.
pub async fn end(platform: &Platform, caller: &Caller) -> Result<bool> {
    require_host(caller)?;
    switch_off(platform, caller, |_| true, "switched off").await
}

/// Notes the end of one whose time is over; false when there is none.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn settle(platform: &Platform) -> Result<bool> {
    let now = platform.now();
    let is_over = |plan: &rows::Plan| plan.until.is_some_and(|until| until <= now);
    let found = rows::get(&mut platform.control().read().await?).await?;
    match found.filter(is_over) {
        Some(_) => switch_off(platform, &Caller::system(), is_over, "its time was over").await,
        None => Ok(false),
    }
}

async fn switch_off(
    platform: &Platform,
    caller: &Caller,
    wanted: impl Fn(&rows::Plan) -> bool,
    reason: &str,
) -> Result<bool> {
    let mut tx = platform.control().begin().await?;
    rows::hold_writers(&mut tx).await?;
    // Read under the lock: another may have been switched on since.
    if !rows::get(&mut tx).await?.is_some_and(|plan| wanted(&plan)) {
        tx.close().await?;
        return Ok(false);
    }
    rows::set(&mut tx, None, platform.now()).await?;
    let act = Act::configuration("maintenance.end", Object::new("appliance", "maintenance"));
    let entry = platform.entry(caller, None, &act.because(reason))?;
    tx.commit(&entry, &[]).await?;
    platform.maintenance().clear();
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn wish(from: Option<i64>, until: Option<i64>, message: &str) -> Wish {
        Wish {
            from: from.map(moment),
            until: until.map(moment),
            message: Some(message.to_owned()),
        }
    }

    #[test]
    fn it_is_announced_then_on_then_over() {
        let plan = planned(wish(Some(200), Some(300), ""), moment(100)).unwrap();
        let phase = |seconds| at(&plan, moment(seconds)).map(|found| found.phase);
        assert_eq!(phase(199), Some(Phase::Announced));
        assert_eq!(phase(200), Some(Phase::On));
        assert_eq!(phase(299), Some(Phase::On));
        assert_eq!(phase(300), None);
    }

    #[test]
    fn a_plan_that_cannot_be_is_refused() {
        let now = moment(1_000);
        let month = 24 * 3_600 * DAYS_MAX;
        for bad in [
            wish(None, Some(1_000), ""),
            wish(Some(2_000), Some(1_500), ""),
            wish(Some(500), Some(900), ""),
            wish(Some(1_001 + month), None, ""),
            wish(None, Some(1_001 + month), ""),
            wish(None, None, &"x".repeat(MESSAGE_LENGTH_MAX + 1)),
            wish(None, None, "two\nlines"),
        ] {
            let error = planned(bad.clone(), now).unwrap_err();
            assert_eq!(error.code, ProblemCode::Invalid, "{bad:?}");
        }
        assert!(planned(wish(None, Some(1_000 + month), "x"), now).is_ok());
    }

    #[test]
    fn whoever_is_refused_hears_when_to_come_back() {
        let seconds = |until: Option<i64>| {
            let plan = planned(wish(None, until, ""), moment(100)).unwrap();
            refusal(&at(&plan, moment(100)).unwrap(), moment(100)).retry_after_seconds
        };
        assert_eq!(seconds(Some(130)), Some(31));
        assert_eq!(seconds(Some(100_000)), Some(RETRY_SECONDS));
        assert_eq!(seconds(None), Some(RETRY_SECONDS));
    }
}
