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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use jiff::Timestamp;
    use platform::provider::{Preset, ProviderSettings, Stage};
    use types::ProblemCode;

    fn view() -> ProviderView {
        ProviderView {
            key: "company".to_owned(),
            label: "The company".to_owned(),
            state: ProviderState::Active,
            issuer: "https://login.example.test".to_owned(),
            redirect_uri: String::new(),
            logout_uri: String::new(),
            settings: ProviderSettings::new(Preset::Standard, "us"),
            has_secret: true,
            people: 3,
            created_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn ended(verdict: Verdict) -> Report {
        let stage = |name, verdict| Stage {
            name,
            verdict,
            detail: "as seen".to_owned(),
            milliseconds: 3,
        };
        Report {
            stages: vec![stage("document", Verdict::Passed), stage("keys", verdict)],
        }
    }

    #[test]
    fn a_provider_that_fails_a_stage_or_nearly_does_or_is_away_is_warned_of() {
        let away = PlatformError::new(ProblemCode::Unavailable, "it is away");
        assert_eq!(judge(&view(), Ok(ended(Verdict::Passed))).level, Level::Ok);
        for (found, words) in [
            (
                judge(&view(), Ok(ended(Verdict::Failed))),
                "company: keys: as seen",
            ),
            (
                judge(&view(), Ok(ended(Verdict::Doubtful))),
                "company: keys: as seen",
            ),
            (judge(&view(), Err(away)), "company: it is away"),
        ] {
            assert!(
                found.level == Level::Warning && found.what.contains(words),
                "{found:?}"
            );
        }
    }
}
