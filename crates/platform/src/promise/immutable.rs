//! The log as a whole, recomputed: every leaf and tile against the root that was signed last, the outbox against the clock, and the
//! checkpoint against outside witnesses.
//!
//! Whoever has the signing key could write another log and sign it. Only a witness elsewhere sees that, so without one the promise is
//! not said to be kept.

use super::look::Look;
use crate::{
    Caller, Platform,
    check::{self, LogReport},
    error::Result,
    ledger::witness::{self, Answer, Witnessed},
    upkeep::last_scrub,
};
use jiff::SignedDuration;
use promises::{Observation, Outcome};

pub(super) const ID: &str = "audit-immutable";

/// A witness's word is good for so long.
const WITNESS_DAYS_MAX: u64 = 8;
/// The nightly check comes every day; one that was missed is no reason to doubt.
const SCRUB_AGE_MAX: SignedDuration = SignedDuration::from_hours(48);
const DAY_S: u64 = 24 * 60 * 60;

const ADVICE: &str =
    "keep copies of the database and of the log's folder, and find out who wrote there; see OPERATIONS.md";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let report = check::tree(platform, &Caller::system()).await?;
    let mut look = Look::new();
    for fault in &report.faults {
        look.fault(fault.detail.clone(), "the signed log", ADVICE);
    }
    let scrubbed = last_scrub(platform).await?;
    if let Some(Observation {
        outcome: Outcome::Looked { faults, .. },
        ..
    }) = &scrubbed
    {
        for fault in faults {
            look.fault(fault.what.clone(), fault.where_.clone(), ADVICE);
        }
    }
    let heard = match witness::witnessed(platform).await {
        Ok(witnessed) => witness::asked(platform).map(|asked| (witnessed, asked)),
        Err(error) => Err(error),
    };
    let (witnessed, asked) = match heard {
        Ok(heard) => heard,
        // What was found stays found, whatever else cannot be read.
        Err(_) if !look.is_clean() => return Ok(look.done()),
        Err(error) => return Ok(Outcome::could_not_look(error.detail)),
    };
    if witnessed.as_ref().is_some_and(|found| !found.is_ours) {
        let what = "a witness has signed another log than the one in the folder";
        look.fault(what, "the signed log", ADVICE);
    }
    for (name, said) in asked {
        if let Answer::Refused { why } = said.answer {
            look.fault(
                format!("the witness {name} does not sign this log: {why}"),
                "the signed log",
                ADVICE,
            );
        }
    }
    let doubt = doubt(platform, &report, witnessed.as_ref()).or_else(|| {
        let age_us = platform.now().as_microsecond() - scrubbed.as_ref()?.checked_at_us;
        let is_old = i128::from(age_us) > SCRUB_AGE_MAX.as_micros();
        is_old.then(|| "the last nightly check is older than two days: see that the worker runs".to_owned())
    });
    let doubt = doubt.filter(|_| look.is_clean());
    if let Some(why) = doubt {
        return Ok(Outcome::could_not_look(why));
    }
    let (witnesses, size) = witnessed.map_or((0, 0), |found| (found.times.len(), found.size));
    Ok(look
        .fact("leaves recomputed", report.leaves)
        .fact("leaves signed", report.signed)
        .fact("tiles compared", report.tiles)
        .fact("entries that wait", report.pending)
        .fact("outside witnesses", witnesses)
        .fact("leaves that a witness has seen", size)
        .fact("nightly check", scrubbed.map_or("none yet", |_| "looked at"))
        .done())
}

/// Why it cannot be said to be kept, although nothing is wrong here.
fn doubt(platform: &Platform, report: &LogReport, witnessed: Option<&Witnessed>) -> Option<String> {
    if report.signed == 0 {
        return Some("nothing was signed yet: see that the worker runs".to_owned());
    }
    let (leaves, tiles) = (report.leaves, report.tiles);
    let alone = format!("{leaves} leaves and {tiles} tiles go together with the checkpoint");
    let newest = witnessed.and_then(|found| found.times.iter().max().copied());
    let Some(newest) = newest else {
        return Some(format!(
            "{alone}, and no witness elsewhere has seen it: whoever has the signing key could have written another log"
        ));
    };
    let now = u64::try_from(platform.now().as_second()).unwrap_or(0);
    if newest > now + DAY_S {
        return Some(format!(
            "{alone}, and a witness's word is of a time that has not come: see to the clocks"
        ));
    }
    let days = now.saturating_sub(newest) / DAY_S;
    (days > WITNESS_DAYS_MAX).then(|| format!("{alone}, and the newest word of a witness is {days} days old"))
}
