//! The platform, opened on the host with the appliance's configuration.

use crate::failure::CommandError;
use config::Config;
use platform::{Caller, Platform, PlatformError};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use types::ProblemCode;

/// How long a daemon waits at its start for a database that is away.
const WAIT: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs a command's work to its end, on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(CommandError::io("cannot start the runtime"))?
        .block_on(work)
}

/// Runs work with the platform that the configuration describes.
pub(crate) fn with_platform<T>(
    file: Option<&Path>,
    work: impl AsyncFnOnce(&Platform, &Config) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let config = Config::load(file)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        work(&platform, &config).await
    })
}

/// Runs work in the host's name.
pub(crate) fn as_host<T>(
    file: Option<&Path>,
    work: impl AsyncFnOnce(&Platform, &Caller) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    with_platform(file, async |platform, _| work(platform, &Caller::host()).await)
}

/// Opens the platform; waits a while for a database that is away, and says so.
pub(crate) async fn open_patiently(config: &Config) -> Result<Platform, PlatformError> {
    let begun = Instant::now();
    loop {
        match Platform::open(config).await {
            Err(error) if error.code == ProblemCode::Unavailable && begun.elapsed() < WAIT => {
                tracing::warn!(
                    database.host = %config.database.host.display(),
                    database.port = config.database.port,
                    database.name = config.database.name,
                    "the database does not answer; waiting up to {} seconds",
                    WAIT.as_secs()
                );
                tokio::time::sleep(LOOK_EVERY).await;
            }
            opened => return opened,
        }
    }
}
