//! The logs reach the collector: how far each was taken, what waits, and since when.
//!
//! Invariant: where no collector is set nothing is known of any, and the promise is unknown; so it is where only the journal is sent, whose
//! messages that wait nobody counts, and nothing of it was taken for a day.

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

/// So long the journal's own word holds: the worker alone writes to it more often.
const JOURNAL_MAX: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    match forwarding::look(platform).await? {
        Some(view) if is_blind(&view, platform.now()) => Ok(Outcome::could_not_look(
            "only the system log is sent: what waits in it cannot be counted, and nothing of it was taken for a day",
        )),
        Some(view) => Ok(judge(&view, platform.now())),
        None => Ok(Outcome::could_not_look("no collector is set")),
    }
}

/// Whether nothing that can be counted is sent, and nobody took anything lately. A collector that fails is seen all the same.
fn is_blind(view: &ForwardingView, now: Timestamp) -> bool {
    let is_taken = |at: Timestamp| now.duration_since(at) <= JOURNAL_MAX;
    view.failing_since.is_none()
        && view
            .streams
            .iter()
            .all(|stream| stream.waiting.is_none() && !stream.acknowledged_at.is_some_and(is_taken))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forwarding::{ForwardingSettings, Stream, StreamView};

    fn view(stream: Stream, waiting: Option<u64>, acknowledged_at: Option<Timestamp>) -> ForwardingView {
        ForwardingView {
            settings: ForwardingSettings {
                host: "logs.example.org".to_owned(),
                port: 6_514,
                authority_pem: String::new(),
                certificate_pem: None,
                streams: vec![stream],
            },
            has_key: false,
            streams: vec![StreamView {
                stream,
                taken: 0,
                last: None,
                acknowledged_at,
                waiting,
                more_wait: false,
                oldest: None,
            }],
            tried_at: None,
            failing_since: None,
            failure: None,
        }
    }

    #[test]
    fn a_journal_of_which_nothing_was_taken_for_a_day_says_nothing() {
        let now = Timestamp::now();
        let hours_ago = |hours: i64| now.checked_sub(SignedDuration::from_hours(hours)).ok();
        assert!(is_blind(&view(Stream::System, None, None), now));
        assert!(is_blind(&view(Stream::System, None, hours_ago(25)), now));
        assert!(!is_blind(&view(Stream::System, None, hours_ago(23)), now));
        assert!(
            !is_blind(&view(Stream::Audit, Some(0), None), now),
            "it is counted"
        );
        let failing = ForwardingView {
            failing_since: hours_ago(2),
            ..view(Stream::System, None, None)
        };
        assert!(!is_blind(&failing, now), "that is a fault");
    }
}
