//! The logs reach the collector: how far each was taken, what waits, and since when.
//!
//! Invariant: where no collector is set nothing is known of any, and the promise is unknown.

use super::look::Look;
use crate::{
    Platform,
    error::Result,
    forwarding::{self, ForwardingView},
};
use jiff::{SignedDuration, Timestamp};
use promises::Outcome;

pub(super) const ID: &str = "log-forwarding";

/// So long may a message wait: a collector is started anew, a network is mended.
const WAITS_MAX: SignedDuration = SignedDuration::from_hours(1);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    match forwarding::look(platform).await? {
        Some(view) => Ok(judge(&view, platform.now())),
        None => Ok(Outcome::could_not_look("no collector is set")),
    }
}

fn judge(view: &ForwardingView, now: Timestamp) -> Outcome {
    let mut look = Look::new().fact("messages that wait", view.waiting());
    let place = format!("collector {}:{}", view.settings.host, view.settings.port);
    let advice = "run `strongroom forwarding test`; nothing is lost while the logs themselves are kept";
    for stream in &view.streams {
        let name = stream.stream.as_str();
        let last = stream.last.as_deref().unwrap_or("none yet");
        let at = stream
            .acknowledged_at
            .map_or_else(String::new, |at| format!(", at {at}"));
        look.note(
            &format!("last acknowledged of the {name} log"),
            format!("{last}{at}"),
        );
        if let Some(oldest) = stream
            .oldest
            .filter(|oldest| now.duration_since(*oldest) > WAITS_MAX)
        {
            let what = format!("messages of the {name} log wait since {oldest}");
            look.fault(what, place.clone(), advice);
        }
    }
    if let Some(since) = view
        .failing_since
        .filter(|since| now.duration_since(*since) > WAITS_MAX)
    {
        let why = view.failure.as_deref().unwrap_or("nobody noted why");
        look.fault(format!("it takes nothing since {since}: {why}"), place, advice);
    }
    look.done()
}
