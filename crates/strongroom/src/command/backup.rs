//! `strongroom backup`

mod copy;
mod drill;
mod enable;
mod list;
mod run;
mod status;
mod verify;

use super::Common;
use crate::failure::CommandError;
use clap::Subcommand;
use config::{Config, Environment};
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Subcommand)]
pub(super) enum Backup {
    /// Switch backups on: repository, keys, archiving of every change; running it again brings them to the settings
    Enable(enable::Enable),
    /// Take a backup of the database, the settings and the keys
    Run(run::Run),
    /// Show from when to when can be gone back, and how the last backup, copy, verification and drill went
    Status(status::Status),
    /// List the backups
    List(list::List),
    /// Read every file of the repository and see that nothing is wrong or missing
    Verify(verify::Verify),
    /// Copy what is new to the second location, where nothing is ever deleted by us
    Copy(copy::Copy),
    /// Restore the newest backup aside, look at all of it, and throw the copy away
    Drill(drill::Drill),
}

impl Backup {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let done = |()| ExitCode::SUCCESS;
        match self {
            Self::Enable(command) => command.run(common).map(done),
            Self::Run(command) => command.run(common).map(done),
            Self::Status(command) => command.run(common),
            Self::List(command) => command.run(common).map(done),
            Self::Verify(command) => command.run(common),
            Self::Copy(command) => command.run(common).map(done),
            Self::Drill(command) => command.run(common),
        }
    }
}

/// The settings file of this machine.
pub(super) fn settings(common: &Common) -> PathBuf {
    Config::place(common.config.as_deref(), &Environment::of_process())
}
