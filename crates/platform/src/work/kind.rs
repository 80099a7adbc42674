//! Which kinds of jobs there are, and which use case runs each.

use crate::{
    Platform,
    error::{PlatformError, Result},
    import,
    job::Meter,
    mail, password_reset, rotation,
};
use store::control::job::Job;

/// Runs a claimed job to its end; what it returns is the job's result.
pub(super) async fn run(platform: &Platform, job: &Job, meter: &Meter) -> Result<serde_json::Value> {
    match job.kind.as_str() {
        import::RUN => import::run(platform, job, meter, import::Mode::Import).await,
        import::CHECK => import::run(platform, job, meter, import::Mode::DryRun).await,
        rotation::REENCRYPT => rotation::run(platform, job, meter).await,
        mail::SEND => mail::run(platform, job).await,
        password_reset::ASKED => password_reset::run(platform, job).await,
        other => Err(PlatformError::invariant(format!("no job is of kind {other}"))),
    }
}
