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
