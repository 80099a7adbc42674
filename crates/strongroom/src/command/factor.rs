//! `strongroom factor`

use super::Common;
use crate::{failure::CommandError, host, output};
use clap::Subcommand;
use platform::{Caller, Platform, factor};

#[derive(Debug, Subcommand)]
pub(super) enum Factor {
    /// Take somebody's second factors and recovery codes away, when they have lost them; their sessions end
    Reset {
        /// The account's e-mail address
        email: String,
    },
}

impl Factor {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let Self::Reset { email } = self;
        let reset = async |platform: &Platform, _: &config::Config| {
            Ok(factor::reset_as_operator(platform, &Caller::host(), email).await?)
        };
        let removed = host::with_platform(common.config.as_deref(), reset)?;
        output::talk(&format!(
            "{email} has no second factor now ({removed} removed); where one is required, the next sign-in sets up a new one"
        ));
        Ok(())
    }
}
