//! The worker: claims jobs, runs them under a lease, notes how they ended, and tidies up.
//!
//! Invariants: a job whose lease is lost is dropped at once, and with it its transaction; a job is tried a bounded
//! number of times, and again only where trying again can help. Start at [`run`].

mod kind;
mod lease;

use crate::{
    Platform, access_log, deletion,
    error::Result,
    forwarding, job,
    ledger::{daily, witness},
    log_review, maintenance, sequencer, session, upkeep,
    withdrawal::withdrawn_from_job,
};
use jiff::SignedDuration;
use lease::{Held, LEASE};
use std::time::{Duration, Instant};
use store::control::{
    idempotency,
    job::{self as rows, Job, JobEnd},
};
use tokio::sync::watch;
use types::ProblemCode;

/// How long a worker without work waits before it looks again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it tidies up.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// How often it removes what was abandoned; what waits for days may wait for another.
const REMOVE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it looks whether the nightly check of the audit log is due.
const SCRUB_LOOK_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long a running job may go on after the stop was asked for.
const GRACE: Duration = Duration::from_secs(20);

/// Runs jobs, `parallel` at once, until `shutdown` says true. Running jobs get a while to end; what does not end in it
/// is undone and taken up again by the next worker.
pub async fn run(platform: Platform, shutdown: watch::Receiver<bool>, parallel: usize) {
    let workers = (0..parallel.max(1)).map(|_| work(&platform, shutdown.clone()));
    let tidying = tidy(&platform, shutdown.clone());
    // On the heap: whoever runs this would carry their state about.
    let sequencing = Box::pin(sequencer::run(&platform, shutdown.clone()));
    let scrubbing = Box::pin(scrub(&platform, shutdown.clone()));
    let asking = Box::pin(witness::watch(&platform, shutdown.clone()));
    let forwarding = Box::pin(forwarding::run(&platform, shutdown.clone()));
    tokio::join!(
        futures_util::future::join_all(workers),
        tidying,
        sequencing,
        scrubbing,
        asking,
        forwarding
    );
}

/// True when the stop was asked for within that time.
pub(crate) async fn stopped_within(shutdown: &mut watch::Receiver<bool>, time: Duration) -> bool {
    // A sender that is gone will never ask; whoever dropped it wants the end.
    let waiting = async { shutdown.wait_for(|stop| *stop).await.is_ok() };
    tokio::time::timeout(time, waiting).await.is_ok()
}

async fn work(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    loop {
        let pause = match claim(platform).await {
            Ok(Some(job)) => {
                Box::pin(perform(platform, job, &mut shutdown)).await;
                Duration::ZERO
            }
            Ok(None) => PAUSE,
            Err(error) => {
                log(&error, "jobs cannot be claimed");
                PAUSE
            }
        };
        if stopped_within(&mut shutdown, pause).await {
            return;
        }
    }
}

/// A job to run; none while maintenance is on, since every job writes.
async fn claim(platform: &Platform) -> Result<Option<Job>> {
    if is_paused(platform).await? {
        return Ok(None);
    }
    let now = platform.now();
    let until = now.checked_add(LEASE).unwrap_or(now);
    let mut keep = platform.control().keep().await?;
    Ok(rows::claim_next(&mut keep, now, until).await?)
}

async fn is_paused(platform: &Platform) -> Result<bool> {
    let found = maintenance::current(platform).await?;
    Ok(found.is_some_and(|found| found.phase == maintenance::Phase::On))
}

/// Returns when maintenance begins; a database that is away for a moment is not maintenance.
async fn paused(platform: &Platform) {
    while !is_paused(platform).await.unwrap_or(false) {
        tokio::time::sleep(PAUSE).await;
    }
}

async fn perform(platform: &Platform, job: Job, shutdown: &mut watch::Receiver<bool>) {
    let meter = job::Meter::default();
    let stop = async {
        // As in `stopped_within`, a sender that is gone wants the end.
        drop(shutdown.wait_for(|stop| *stop).await);
        tokio::time::sleep(GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = kind::run(platform, &job, &meter) => outcome,
        Held::Lost = lease::keep(platform, &job, &meter) => {
            tracing::info!(job = %job.id, "a job was called off");
            return;
        }
        error = withdrawn_from_job(platform, &job, kind::permission(&job.kind)) => Err(error),
        () = paused(platform) => {
            tracing::info!(job = %job.id, "a job was interrupted by maintenance and will be taken up again");
            return;
        }
        () = stop => {
            tracing::info!(job = %job.id, "a job was interrupted by the stop and will be taken up again");
            return;
        }
    };
    let noted = match outcome {
        Ok(result) => finish(platform, &job, JobEnd::Done(result)).await,
        Err(error) => match kind::pause(&job).filter(|_| is_passing(error.code)) {
            Some(pause) => {
                log(&error, "a job failed and will be tried again");
                put_back(platform, &job, pause).await
            }
            None => {
                log(&error, "a job failed");
                let end = JobEnd::Failed(serde_json::json!({ "error": error.detail }));
                finish(platform, &job, end).await
            }
        },
    };
    if let Err(error) = noted {
        log(&error, "what came of a job cannot be noted");
    }
}

/// Failures that another attempt may not meet.
fn is_passing(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Unavailable | ProblemCode::Timeout | ProblemCode::Conflict | ProblemCode::Maintenance
    )
}

async fn finish(platform: &Platform, job: &Job, end: JobEnd) -> Result<()> {
    let mut keep = platform.control().keep().await?;
    // Lost means that it was called off in its last moment; whoever did it has noted the end.
    let _lease = rows::finish(&mut keep, job, end, platform.now()).await?;
    Ok(())
}

async fn put_back(platform: &Platform, job: &Job, pause: SignedDuration) -> Result<()> {
    let now = platform.now();
    let mut keep = platform.control().keep().await?;
    let _lease = rows::put_back(&mut keep, job, now.checked_add(pause).unwrap_or(now)).await?;
    Ok(())
}

async fn tidy(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    let mut removed_at: Option<Instant> = None;
    loop {
        if let Err(error) = tidy_once(platform).await {
            log(&error, "tidying up failed");
        }
        // What cannot be asked is answered by the work itself.
        let is_open = !is_paused(platform).await.unwrap_or(false);
        if is_open && removed_at.is_none_or(|at| at.elapsed() >= REMOVE_EVERY) {
            if let Err(error) = log_review::remind_if_due(platform).await {
                log(
                    &error,
                    "nobody can be reminded of the review of the security logs",
                );
            }
            match remove_abandoned(platform).await {
                Ok(()) => removed_at = Some(Instant::now()),
                Err(error) => log(&error, "abandoned uploads cannot be removed"),
            }
        }
        if stopped_within(&mut shutdown, TIDY_EVERY).await {
            return;
        }
    }
}

/// Looks at the whole audit log once a day. Called off by the stop in whatever state, since it changes nothing.
async fn scrub(platform: &Platform, mut shutdown: watch::Receiver<bool>) {
    while !stopped_within(&mut shutdown, SCRUB_LOOK_EVERY).await {
        if is_paused(platform).await.unwrap_or(true) {
            continue;
        }
        let mut stop = shutdown.clone();
        tokio::select! {
            scrubbed = upkeep::scrub_if_due(platform) => if let Err(error) = scrubbed {
                log(&error, "the audit log cannot be checked");
            },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Ends jobs whose every attempt died, and forgets answers that nobody will ask for again.
async fn tidy_once(platform: &Platform) -> Result<()> {
    if maintenance::settle(platform).await? {
        tracing::info!("the time of the maintenance was over; it was switched off");
    }
    if is_paused(platform).await? {
        return Ok(());
    }
    let now = platform.now();
    let mut keep = platform.control().keep().await?;
    let result = serde_json::json!({ "error": "it was interrupted too often; start it again" });
    let exhausted = rows::fail_exhausted(&mut keep, now, &result).await?;
    if !exhausted.is_empty() {
        tracing::warn!(
            jobs = exhausted.len(),
            "jobs were given up after their last attempt"
        );
    }
    idempotency::purge(&mut keep, now).await?;
    crate::sign_in::openid::forget(&mut keep, now).await?;
    drop(keep);
    access_log::tend(platform).await?;
    let ended = session::end_overdue(platform).await?;
    if ended > 0 {
        tracing::info!(
            sessions = ended,
            "sessions that were past their bounds were ended"
        );
    }
    let deleted = deletion::tend(platform).await?;
    if deleted > 0 {
        tracing::info!(organizations = deleted, "organizations were deleted for good");
    }
    daily::post_if_due(platform).await?;
    upkeep::index_searches(platform).await?;
    Ok(())
}

async fn remove_abandoned(platform: &Platform) -> Result<()> {
    let removed = upkeep::remove_abandoned(platform, platform.now()).await?;
    if removed != upkeep::Removed::default() {
        let (drafts, files) = (removed.drafts, removed.files);
        tracing::info!(drafts, files, "abandoned uploads were removed");
    }
    Ok(())
}

pub(crate) fn log(error: &crate::PlatformError, what: &str) {
    let source = error.source.as_ref().map(|source| format!("{source:?}"));
    tracing::warn!(code = error.code.as_str(), detail = %error.detail, source, "{what}");
}
