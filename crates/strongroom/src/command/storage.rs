//! `strongroom storage`

mod encrypt;
mod status;

use super::Common;
use crate::failure::CommandError;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Storage {
    /// Show what lies where, and whether the kernel encrypts it there
    Status(status::Status),
    /// Bring the database and temporary files onto a LUKS2 volume; running it again goes on where it was cut off
    Encrypt(encrypt::Encrypt),
}

impl Storage {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Status(command) => command.run(common),
            Self::Encrypt(command) => command.run(common),
        }
    }
}
