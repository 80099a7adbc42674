//! Keeping a claimed job: its lease is extended and its progress noted while it runs.

use crate::{Platform, error::Result, job::Meter};
use jiff::SignedDuration;
use std::time::Duration;
use store::control::job::{self as rows, Job, Lease};
use tokio::time::Instant;

/// How long a worker has a job before another may take it.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often progress is noted, and a cancellation noticed.
const NOTE_EVERY: Duration = Duration::from_millis(500);
/// How often the lease is extended.
const EXTEND_EVERY: Duration = Duration::from_secs(10);

/// What became of the lease.
pub(super) enum Held {
    /// It is another's, or the job was called off.
    Lost,
}

/// Returns when the lease is lost; a database that is away for a moment does not lose it.
pub(super) async fn keep(platform: &Platform, job: &Job, meter: &Meter) -> Held {
    let mut extended = Instant::now();
    loop {
        tokio::time::sleep(NOTE_EVERY).await;
        let extend = extended.elapsed() >= EXTEND_EVERY;
        match note(platform, job, meter, extend).await {
            Ok(Lease::Lost) => return Held::Lost,
            Ok(Lease::Held) if extend => extended = Instant::now(),
            Ok(Lease::Held) => {}
            Err(error) => tracing::warn!(job = %job.id, error = %error, "a job's progress cannot be noted"),
        }
    }
}

async fn note(platform: &Platform, job: &Job, meter: &Meter, extend: bool) -> Result<Lease> {
    let mut keep = platform.control().keep().await?;
    if extend {
        let now = platform.now();
        let until = now.checked_add(LEASE).unwrap_or(now);
        if rows::extend_lease(&mut keep, job, until).await? == Lease::Lost {
            return Ok(Lease::Lost);
        }
    }
    let progress = serde_json::to_value(meter.progress()).unwrap_or_default();
    Ok(rows::set_progress(&mut keep, job, &progress).await?)
}
