//! `strongroom update`

mod here;
mod history;
mod import;
mod renew;
mod run;
mod shown;
mod status;
mod take;
mod verify;
mod vulnerabilities;

use super::Common;
use crate::failure::CommandError;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Update {
    /// Look whether a bundle would be taken here; nothing is changed
    Verify(verify::Verify),
    /// Verify a bundle and unpack it for this machine; run as root
    Import(import::Import),
    /// List known vulnerabilities of what is installed, by the data of the last bundle
    Vulnerabilities(vulnerabilities::Vulnerabilities),
    /// Show whether security updates arrive and are installed, and how the last update of the platform went
    Status(status::Status),
    /// Update the platform from its repository: rehearse, back up, install, look, and go back where it is not well
    Run(run::Run),
    /// Verify and unpack bundles that were uploaded or copied into the spool folder; run as root
    Take(take::Take),
    /// In the maintenance window: start anew what still runs replaced code; run as root
    Renew(renew::Renew),
    /// Show the updates of the platform and what was started anew, newest first
    History(history::History),
}

impl Update {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        match self {
            Self::Verify(command) => command.run(common).map(|()| ExitCode::SUCCESS),
            Self::Import(command) => command.run(common),
            Self::Vulnerabilities(command) => command.run(common),
            Self::Status(command) => command.run(common),
            Self::Run(command) => command.run(common),
            Self::Take(command) => command.run(common),
            Self::Renew(command) => command.run(common),
            Self::History(command) => command.run(common),
        }
    }
}
