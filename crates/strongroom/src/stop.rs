//! The orderly end of a daemon: asked for by SIGTERM or Ctrl-C, bounded in time.

use crate::failure::CommandError;
use std::time::Duration;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// The whole end takes no longer; the service manager would kill the process later than this.
pub(crate) const STOP_SECONDS_MAX: u64 = 10;

/// Becomes true when the first signal comes. A second signal ends the process at once.
pub(crate) fn on_signals() -> Result<watch::Receiver<bool>, CommandError> {
    let cannot = || CommandError::io("cannot listen for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot())?;
    let (asked, stop) = watch::channel(false);
    tokio::spawn(async move {
        for second in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if second {
                tracing::warn!("asked to stop twice: ending at once");
                std::process::exit(1);
            }
            tracing::info!("stopping; running requests get up to {STOP_SECONDS_MAX} seconds");
            asked.send_replace(true);
        }
    });
    Ok(stop)
}

/// Waits until the stop is asked for.
pub(crate) async fn asked(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can ask any more: there is nothing to wait for, and ending unasked would be wrong.
        std::future::pending::<()>().await;
    }
}

/// Runs the work, but no longer than the time.
pub(crate) async fn within(seconds: u64, work: impl Future<Output = ()>) {
    if tokio::time::timeout(Duration::from_secs(seconds), work)
        .await
        .is_err()
    {
        tracing::warn!("something did not end within {seconds} seconds and was left behind");
    }
}
