//! Whether the logs reach the collector.

use crate::finding::Finding;
use jiff::{SignedDuration, Timestamp};
use platform::{
    Caller, Platform,
    forwarding::{self, ForwardingView},
};

const CHECK: &str = "forwarding";

/// A collector that is started anew is away for less.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// A warning: what waits is not lost.
pub(super) async fn check(platform: &Platform) -> Finding {
    match forwarding::show(platform, &Caller::host()).await {
        Ok(Some(view)) => judge(&view, Timestamp::now()),
        Ok(None) => Finding::ok(CHECK, "no collector is set; logs stay on this machine"),
        Err(error) => Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    }
}

fn judge(view: &ForwardingView, now: Timestamp) -> Finding {
    let is_late = |since: Timestamp| now.duration_since(since) > PATIENCE;
    let place = format!("{}:{}", view.settings.host, view.settings.port);
    if let Some(since) = view.failing_since.filter(|since| is_late(*since)) {
        let why = view.failure.as_deref().unwrap_or("nobody noted why");
        let what = format!(
            "{place} takes nothing since {since}, {} messages wait: {why}",
            view.waiting()
        );
        return Finding::warning(CHECK, what, "run `strongroom forwarding test`");
    }
    if let Some(oldest) = view.oldest().filter(|oldest| is_late(*oldest)) {
        let what = format!("{} messages wait, the oldest since {oldest}", view.waiting());
        return Finding::warning(
            CHECK,
            what,
            "look at `systemctl status strongroom-worker`: it sends them",
        );
    }
    Finding::ok(
        CHECK,
        format!("{place} takes them, {} messages wait", view.waiting()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use platform::forwarding::{ForwardingSettings, Stream, StreamView};

    /// With a message that waits since so many minutes, and a collector that takes nothing since so many.
    fn view(now: Timestamp, waits: Option<i64>, fails: Option<i64>) -> ForwardingView {
        let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap();
        ForwardingView {
            settings: ForwardingSettings {
                host: "logs.example.test".to_owned(),
                port: 6514,
                authority_pem: String::new(),
                certificate_pem: None,
                streams: vec![Stream::Audit],
            },
            has_key: false,
            streams: vec![StreamView {
                stream: Stream::Audit,
                taken: 0,
                last: None,
                acknowledged_at: None,
                waiting: Some(u64::from(waits.is_some())),
                more_wait: false,
                oldest: waits.map(ago),
            }],
            tried_at: Some(now),
            failing_since: fails.map(ago),
            failure: fails.map(|_| "the collector hung up".to_owned()),
        }
    }

    #[test]
    fn a_collector_that_is_away_and_messages_that_nobody_sends_are_warned_of_after_a_while() {
        let now = Timestamp::now();
        for (waits, fails) in [(None, None), (Some(4), None), (Some(4), Some(4))] {
            assert_eq!(judge(&view(now, waits, fails), now).level, Level::Ok);
        }
        for (waits, fails, words) in [
            (Some(4), Some(6), "the collector hung up"),
            (Some(6), None, "1 messages wait, the oldest"),
        ] {
            let found = judge(&view(now, waits, fails), now);
            assert!(
                found.level == Level::Warning && found.what.contains(words),
                "{found:?}"
            );
        }
    }
}
