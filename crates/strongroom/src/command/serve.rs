//! `strongroom serve`

use super::Common;
use crate::{failure::CommandError, logging, server};
use config::Config;

#[derive(Debug, clap::Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let config = Config::load(common.config.as_deref())?;
        logging::begin(&config)?;
        actix_web::rt::System::new().block_on(server::run(config))
    }
}
