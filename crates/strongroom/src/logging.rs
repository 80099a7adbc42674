//! The daemons' log: to stderr, which the service manager hands to the journal.

use crate::failure::{CommandError, Exit};
use config::{Config, Environment};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, fmt};

/// Begins to log as the configuration says. Called once.
///
/// # Errors
/// A filter that cannot be read.
pub(crate) fn begin(config: &Config) -> Result<(), CommandError> {
    let environment = Environment::of_process();
    let written = config.log_filter(&environment);
    // The listener tells of every thread; what is written after it goes before it.
    let filter = EnvFilter::try_new(format!("actix_server=warn,{written}")).map_err(|error| {
        CommandError::said(
            Exit::Failed,
            format!("the log filter {written:?} cannot be read: {error}; write for example \"info\""),
        )
    })?;
    let colours = io::stderr().is_terminal() && !environment.no_color;
    let subscriber = fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false);
    // A second subscriber is refused; the first one stays, which is what we want.
    subscriber.try_init().ok();
    Ok(())
}
