//! No session lives past its bounds: neither the appliance's nor an organization's tighter ones, by the database's clock.

use super::look::Look;
use crate::{Platform, error::Result};
use promises::Outcome;
use store::control::session;

pub(super) const ID: &str = "session-lifetime";

/// The worker ends what is overdue each minute; several may pass while it is away or at work.
const SLACK_SECONDS: i64 = 600;

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let settings = platform.settings();
    let idle = i64::from(settings.session_idle_seconds_max);
    let absolute = i64::from(settings.session_absolute_seconds_max);
    let mut read = platform.control().read().await?;
    let figures = session::figures(&mut read, idle, absolute, SLACK_SECONDS).await?;
    let mut look = Look::new();
    let place = "the sessions";
    if figures.too_long > 0 {
        let what = format!(
            "{} sessions may live longer than the appliance allows",
            figures.too_long
        );
        let advice = "end them by an administrator, and look who changed them in the database";
        look.fault(what, place, advice);
    }
    if figures.from_the_future > 0 {
        let what = format!(
            "{} sessions were made or used in the future",
            figures.from_the_future
        );
        let advice = "set the clock right; these sessions are refused until then";
        look.fault(what, place, advice);
    }
    if figures.overdue > 0 {
        let what = format!("{} sessions are past their bounds and not ended", figures.overdue);
        look.fault(
            what,
            place,
            "see that the worker runs: systemctl status strongroom-work",
        );
    }
    Ok(look
        .fact("live sessions", figures.live)
        .fact("longest without use, in seconds", idle)
        .fact("longest in all, in seconds", absolute)
        .done())
}
