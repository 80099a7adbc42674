//! People sign in by outside providers: each one that is open gives its document and its keys, and agrees about the time.
//!
//! Invariant: where no provider is open nothing is known of any, and the promise is unknown.

use super::look::Look;
use crate::{Platform, error::Result, provider};
use openid::Verdict;
use promises::Outcome;
use store::control::openid::{self as rows, ProviderState};

pub(super) const ID: &str = "sign-in-oidc";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let found = rows::list(&mut platform.control().read().await?).await?;
    let open: Vec<_> = found
        .into_iter()
        .filter(|row| row.state == ProviderState::Active)
        .collect();
    if open.is_empty() {
        return Ok(Outcome::could_not_look("no provider is set and open"));
    }
    let mut look = Look::new().fact("providers", open.len());
    for row in &open {
        let place = format!("provider {}", row.key);
        let advice = "run `strongroom provider test`; until it is well, people sign in another way";
        let report = match provider::look_at(platform, row).await {
            Ok(report) => report,
            Err(error) => {
                look.fault(format!("it cannot be used: {}", error.detail), place, advice);
                continue;
            }
        };
        for stage in &report.stages {
            if stage.verdict == Verdict::Failed {
                look.fault(format!("{}: {}", stage.name, stage.detail), place.clone(), advice);
            }
        }
        let seen = report
            .stages
            .iter()
            .map(|stage| format!("{} {} ms", stage.name, stage.milliseconds));
        look.note(&place, seen.collect::<Vec<_>>().join(", "));
    }
    Ok(look.done())
}
