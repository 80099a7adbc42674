//! `strongroom work`

use super::Common;
use crate::{
    failure::CommandError,
    host, logging,
    stop::{self, STOP_SECONDS_MAX},
    systemd,
};
use config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Work {}

impl Work {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let config = Config::load(common.config.as_deref())?;
        logging::begin(&config)?;
        host::block_on(work(&config))
    }
}

async fn work(config: &Config) -> Result<(), CommandError> {
    let stop = stop::on_signals()?;
    let platform = tokio::select! {
        opened = host::open_patiently(config) => opened?,
        () = stop::asked(stop.clone()) => return Ok(()),
    };
    let parallel = usize::try_from(config.worker.jobs_parallel_max).unwrap_or(1);
    let promises = tokio::spawn(platform::promise::watch(platform.clone(), stop.clone()));
    let mut running = std::pin::pin!(platform::work::run(platform, stop.clone(), parallel));
    let watchdog = systemd::ready();
    tracing::info!(worker.jobs_parallel_max = parallel, "working");
    tokio::select! {
        () = &mut running => tracing::info!("stopped"),
        () = stop::asked(stop) => end(running).await,
    }
    watchdog.abort();
    promises.abort();
    Ok(())
}

async fn end(running: std::pin::Pin<&mut impl Future<Output = ()>>) {
    systemd::stopping();
    stop::within(STOP_SECONDS_MAX, running).await;
    tracing::info!("stopped");
}
