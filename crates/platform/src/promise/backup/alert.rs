//! Letters to the operators when a promise about backups breaks: on failure, and on silence, because the promise is looked at
//! whether or not anything happens.
//!
//! Invariant: one letter a day for each promise that stays broken; what was seen before is the memory, so that nothing is
//! told twice after a restart.

use super::{ENCRYPTED, NIGHTLY, RETENTION, SECOND, TESTED};
use crate::{
    Platform,
    error::Result,
    mail::{self, Letter},
};
use promises::{Observation, Outcome};
use store::control::account;
use types::EmailAddress;

const TOLD: [&str; 5] = [NIGHTLY, ENCRYPTED, SECOND, RETENTION, TESTED];
const DAY_US: i64 = 86_400_000_000;

/// Writes to every operator where it is time to; what was seen before decides.
pub(in crate::promise) async fn tell(
    platform: &Platform,
    id: &str,
    before: Option<&Observation>,
    now: &Observation,
) -> Result<()> {
    let Some(faults) = news(id, before, now) else {
        return Ok(());
    };
    let operators = account::list_operators(&mut platform.control().read().await?).await?;
    let mut keep = platform.control().keep().await?;
    for operator in operators {
        let Ok(address) = operator.email.parse::<EmailAddress>() else {
            continue;
        };
        let letter = Letter::backup_alert(&address, &platform.settings().base_url, id, &faults);
        mail::post(platform, &mut keep, &letter).await?;
    }
    Ok(())
}

/// What to tell; none where nothing is wrong, or it was told today.
fn news(id: &str, before: Option<&Observation>, now: &Observation) -> Option<Vec<String>> {
    let faults = faults(now);
    let was_told = before.is_some_and(|before| {
        !self::faults(before).is_empty() && before.checked_at_us / DAY_US == now.checked_at_us / DAY_US
    });
    (TOLD.contains(&id) && !faults.is_empty() && !was_told).then_some(faults)
}

/// Each with what to do.
fn faults(observation: &Observation) -> Vec<String> {
    match &observation.outcome {
        Outcome::Looked { faults, .. } => faults
            .iter()
            .map(|fault| format!("{} ({}): {}", fault.what, fault.where_, fault.advice))
            .collect(),
        Outcome::CouldNotLook { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at_us: i64, is_broken: bool) -> Observation {
        let outcome = Outcome::looked().with_fact("last", "x");
        Observation {
            checked_at_us: at_us,
            took_ms: 1,
            outcome: match is_broken {
                true => outcome.with_fault("no backup was taken", "the last is of Monday", "run it"),
                false => outcome,
            },
        }
    }

    #[test]
    fn what_breaks_is_told_at_once_and_once_a_day_while_it_lasts() {
        let is_told = |before: Option<&Observation>, now: &Observation| news(NIGHTLY, before, now).is_some();
        assert!(is_told(None, &seen(1, true)));
        assert!(is_told(Some(&seen(1, false)), &seen(2, true)));
        assert!(
            !is_told(Some(&seen(1, true)), &seen(2, true)),
            "it was told twice"
        );
        assert!(is_told(Some(&seen(1, true)), &seen(DAY_US + 1, true)));
        assert!(!is_told(Some(&seen(1, true)), &seen(2, false)));
        assert!(
            news("roles", None, &seen(1, true)).is_none(),
            "no promise about backups"
        );
    }
}
