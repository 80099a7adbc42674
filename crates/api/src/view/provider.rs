//! OpenID providers as JSON. Whether a secret is stored is told, never the secret.

use jiff::Timestamp;
use platform::provider::{ProviderSettings, ProviderView, Report, Stage, Verdict};
use serde::Serialize;

/// A provider.
#[derive(Serialize)]
pub(crate) struct ProviderJson<'a> {
    key: &'a str,
    label: &'a str,
    state: &'static str,
    issuer: &'a str,
    redirect_uri: &'a str,
    logout_uri: &'a str,
    settings: &'a ProviderSettings,
    has_secret: bool,
    accounts: i64,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl<'a> From<&'a ProviderView> for ProviderJson<'a> {
    fn from(view: &'a ProviderView) -> Self {
        Self {
            key: &view.key,
            label: &view.label,
            state: view.state.as_str(),
            issuer: &view.issuer,
            redirect_uri: &view.redirect_uri,
            logout_uri: &view.logout_uri,
            settings: &view.settings,
            has_secret: view.has_secret,
            accounts: view.people,
            created_at: view.created_at,
            changed_at: view.changed_at,
        }
    }
}

/// Every provider.
#[derive(Serialize)]
pub(crate) struct ProvidersView<'a> {
    pub(crate) providers: Vec<ProviderJson<'a>>,
}

/// What a test saw.
#[derive(Serialize)]
pub(crate) struct ProviderReportView<'a> {
    good: bool,
    stages: Vec<StageView<'a>>,
}

#[derive(Serialize)]
struct StageView<'a> {
    name: &'a str,
    verdict: &'static str,
    text: &'a str,
    took_ms: u64,
}

impl<'a> From<&'a Stage> for StageView<'a> {
    fn from(stage: &'a Stage) -> Self {
        Self {
            name: stage.name,
            verdict: match stage.verdict {
                Verdict::Passed => "passed",
                Verdict::Doubtful => "doubtful",
                Verdict::Failed => "failed",
            },
            text: &stage.detail,
            took_ms: stage.milliseconds,
        }
    }
}

impl<'a> From<&'a Report> for ProviderReportView<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            good: report.is_good(),
            stages: report.stages.iter().map(StageView::from).collect(),
        }
    }
}
