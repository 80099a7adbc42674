//! Which kinds of jobs there are, and which use case runs each.

use crate::{
    Platform,
    error::{PlatformError, Result},
    export::kept,
    import,
    job::Meter,
    ledger::daily,
    mail, password_reset, rotation, webhook,
};
use access::Permission;
use jiff::SignedDuration;
use store::control::job::Job;

/// What whoever put a job of that kind up must be allowed for as long as it runs; none where nobody in particular did.
pub(super) fn permission(kind: &str) -> Option<Permission> {
    match kind {
        import::RUN | import::CHECK => Some(Permission::RecordImport),
        kept::KEEP => Some(Permission::RecordExport),
        _ => None,
    }
}

/// Somebody waits for it, or what it says is soon no longer true; the note of the day is made anew an hour later.
const SOON: [SignedDuration; 2] = [SignedDuration::from_secs(30); 2];
/// Nobody else says what it says, and the other side may be away for a night: some 17 hours in all.
const PATIENT: [SignedDuration; 8] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
];

/// How long a job waits that has just failed for a reason that passes; none where it has been tried often enough.
pub(super) fn pause(job: &Job) -> Option<SignedDuration> {
    let pauses: &[SignedDuration] = match job.kind.as_str() {
        mail::ALERT | webhook::SEND => &PATIENT,
        _ => &SOON,
    };
    pauses.get(usize::try_from(job.failures).ok()?).copied()
}

/// Runs a claimed job to its end; what it returns is the job's result.
pub(super) async fn run(platform: &Platform, job: &Job, meter: &Meter) -> Result<serde_json::Value> {
    match job.kind.as_str() {
        import::RUN => import::run(platform, job, meter, import::Mode::Import).await,
        import::CHECK => import::run(platform, job, meter, import::Mode::DryRun).await,
        kept::KEEP => kept::run(platform, job, meter).await,
        rotation::REENCRYPT => rotation::run(platform, job, meter).await,
        mail::SEND => mail::run(platform, job).await,
        daily::SEND => daily::run(platform, job).await,
        mail::ALERT => mail::run_alert(platform, job).await,
        webhook::SEND => webhook::run(platform, job).await,
        password_reset::ASKED => password_reset::run(platform, job).await,
        other => Err(PlatformError::invariant(format!("no job is of kind {other}"))),
    }
}
