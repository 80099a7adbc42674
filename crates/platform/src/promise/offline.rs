//! An export of the whole log, verified as an auditor would: with the policy and nothing else of this server. It goes through a pipe
//! and is nowhere on a disk, because it holds sensitive values in the clear.

use super::look::Look;
use crate::{
    Platform,
    error::{PlatformError, Result},
    ledger,
};
use audit::verify::{Report, Verdict, verify};
use promises::Outcome;

pub(super) const ID: &str = "audit-offline-proof";

const ADVICE: &str = "run `strongroom audit check`, and verify an export of your own with strongroom-verify";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    if ledger::checkpoint(platform).await?.is_none() {
        return Ok(Outcome::could_not_look(
            "nothing was signed yet: see that the worker runs",
        ));
    }
    let policy = ledger::policy_of(platform).await?;
    let failed = |error: std::io::Error| PlatformError::invariant(error.to_string());
    let (reader, writer) = std::io::pipe().map_err(failed)?;
    let verifying = tokio::task::spawn_blocking(move || verify(reader, &policy, None));
    let written = ledger::write_export(platform, None, &[], std::io::BufWriter::new(writer)).await;
    // The writer is closed by now, so that the verifier comes to its end.
    let exported = written.map(|(exported, sink)| {
        drop(sink);
        exported
    });
    let report = verifying.await;
    let exported = exported?;
    let report = report
        .map_err(|error| PlatformError::invariant(error.to_string()))?
        .map_err(failed)?;
    let mut look = Look::new();
    note("integrity", &report.integrity, &mut look);
    note("completeness", &report.completeness, &mut look);
    Ok(judge(look, &report, exported.missing))
}

fn judge(look: Look, report: &Report, missing: u64) -> Outcome {
    let counts = &report.counts;
    look.fact("leaves verified", counts.leaves)
        .fact("headers opened", counts.headers)
        .fact("images opened", counts.images)
        .fact("gone, and explained", counts.gone)
        .fact("missing", missing)
        .done()
}

fn note(side: &str, verdict: &Verdict, look: &mut Look) {
    match verdict {
        Verdict::Holds => {}
        Verdict::Broken(faults, _) => {
            for fault in faults {
                look.fault(
                    fault.to_string(),
                    format!("{side} of an export of everything"),
                    ADVICE,
                );
            }
        }
        Verdict::Unknown(why) => look.fault(*why, format!("{side} of an export of everything"), ADVICE),
    }
}
