//! The log as a whole, recomputed: every leaf and tile against the root that was signed last, the outbox against the clock, and the
//! checkpoint against outside witnesses.
//!
//! Whoever has the signing key could write another log and sign it. Only a witness elsewhere sees that, so without one the promise is
//! not said to be kept.

use super::look::Look;
use crate::{Caller, Platform, check, error::Result, ledger, upkeep::last_scrub};
use promises::{Observation, Outcome};

pub(super) const ID: &str = "audit-immutable";

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
    let checkpoint = match ledger::checkpoint(platform).await {
        Ok(found) => found,
        // A fault of the report already.
        Err(_) => None,
    };
    let witnesses = checkpoint.as_ref().map_or(0, |found| found.witnesses);
    if look.is_clean() && report.signed == 0 {
        return Ok(Outcome::could_not_look(
            "nothing was signed yet: see that the worker runs",
        ));
    }
    if look.is_clean() && witnesses == 0 {
        let what = format!(
            "{} leaves and {} tiles go together with the checkpoint, and no witness elsewhere has seen it: whoever has the signing key \
             could have written another log",
            report.leaves, report.tiles
        );
        return Ok(Outcome::could_not_look(what));
    }
    Ok(look
        .fact("leaves recomputed", report.leaves)
        .fact("leaves signed", report.signed)
        .fact("tiles compared", report.tiles)
        .fact("entries that wait", report.pending)
        .fact("outside witnesses", witnesses)
        .fact("nightly check", scrubbed.map_or("none yet", |_| "looked at"))
        .done())
}
