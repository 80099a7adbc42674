//! `strongroom update`

mod history;
mod run;
mod status;

use super::Common;
use crate::failure::CommandError;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Update {
    /// Show whether security updates arrive and are installed, and how the last update of the platform went
    Status(status::Status),
    /// Update the platform from its repository: rehearse, back up, install, look, and go back where it is not well
    Run(run::Run),
    /// Show the updates of the platform, newest first
    History(history::History),
}

impl Update {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        match self {
            Self::Status(command) => command.run(common),
            Self::Run(command) => command.run(common),
            Self::History(command) => command.run(common),
        }
    }
}
