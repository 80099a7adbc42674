//! Whether the OpenID providers that people sign in by are well.

use crate::finding::Finding;
use platform::{
    Caller, Platform, PlatformError,
    provider::{self, ProviderState, ProviderView, Report, Verdict},
};

const CHECK: &str = "providers";
const ADVICE: &str = "run `strongroom provider test`; until it is well, people sign in another way";

/// One finding for each provider that is open.
pub(super) async fn check(platform: &Platform) -> Vec<Finding> {
    let caller = Caller::host();
    let found = match provider::list(platform, &caller).await {
        Ok(found) => found,
        Err(error) => {
            return vec![Finding::could_not_look(
                CHECK,
                error.detail,
                "see the check `database`",
            )];
        }
    };
    let mut findings = Vec::new();
    for view in found.iter().filter(|view| view.state == ProviderState::Active) {
        findings.push(judge(view, provider::test(platform, &caller, &view.key).await));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "none is open; people sign in with passwords"));
    }
    findings
}

/// A warning: the appliance works, and passwords do.
fn judge(view: &ProviderView, report: Result<Report, PlatformError>) -> Finding {
    let report = match report {
        Ok(report) => report,
        Err(error) => return Finding::warning(CHECK, format!("{}: {}", view.key, error.detail), ADVICE),
    };
    let worse = report
        .stages
        .iter()
        .find(|stage| stage.verdict != Verdict::Passed);
    match worse {
        None => Finding::ok(CHECK, format!("{} answers", view.key)),
        Some(stage) => {
            let what = format!("{}: {}: {}", view.key, stage.name, stage.detail);
            Finding::warning(CHECK, what, ADVICE)
        }
    }
}
