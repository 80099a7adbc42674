//! What the service manager is told by both daemons: ready, alive, stopping. Without one nothing is said.

use sd_notify::NotifyState;
use tokio::task::JoinHandle;

/// Says that the service is ready, and from now on that it is alive as often as the manager wants to hear it. The
/// sign comes from the runtime that does the work: when that is stuck, it stays away and the manager starts anew.
pub(crate) fn ready() -> JoinHandle<()> {
    tell(&[NotifyState::Ready]);
    tokio::spawn(async {
        let Some(limit) = sd_notify::watchdog_enabled() else {
            return;
        };
        // Half of the limit, as sd_watchdog_enabled(3) recommends.
        let mut ticks = tokio::time::interval(limit / 2);
        loop {
            ticks.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    })
}

/// Says that the end has begun.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
