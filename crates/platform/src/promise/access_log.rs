//! The access log takes every event: it is written now, months are made for what comes, the program cannot change what stands
//! there, and whoever came in lately is in it.

use super::look::Look;
use crate::{Platform, access_log::months_kept, error::Result};
use jiff::Timestamp;
use promises::Outcome;
use store::control::access_log;

pub(super) const ID: &str = "access-log";

/// Events are written within a second; a database that is away for a while makes it longer.
const SLACK_SECONDS: i64 = 120;
/// This month and the one after it.
const MONTHS_AHEAD_MIN: i64 = 2;

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let figures = access_log::figures(&mut platform.control().read().await?, SLACK_SECONDS).await?;
    let mut look = Look::new();
    let place = "the access log";
    let missing = figures.sessions_begun - figures.sessions_logged;
    if missing > 0 {
        let what = format!("{missing} sessions of the last day began without an event");
        let advice =
            "look into `journalctl -u strongroom` for access-log.lost, and who wrote to the database";
        look.fault(what, place, advice);
    }
    if figures.months_ahead < MONTHS_AHEAD_MIN {
        let what = format!("only {} months are made from now on", figures.months_ahead);
        look.fault(
            what,
            place,
            "see that the worker runs: systemctl status strongroom-worker",
        );
    }
    if figures.is_writable {
        let what = "the program's login may change or delete events";
        look.fault(what, place, "take the right away: REVOKE UPDATE, DELETE, TRUNCATE ON strongroom.access_event FROM strongroom_app");
    }
    let newest = figures
        .newest
        .map_or_else(|| "none".to_owned(), |at: Timestamp| at.to_string());
    Ok(look
        .fact("newest event", newest)
        .fact("sessions of the last day looked for", figures.sessions_begun)
        .fact("months made from now on", figures.months_ahead)
        .fact("events outside the months", figures.elsewhere)
        .fact("months kept", months_kept(platform).await?)
        .done())
}
