//! `strongroom factor`

use super::Common;
use crate::{failure::CommandError, first_factor, host, output, secret};
use clap::Subcommand;
use platform::{Caller, Platform, factor};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Factor {
    /// Set an authenticator app up for an account that has no second factor, at a terminal, with the account's password
    Enrol {
        /// The account's e-mail address
        email: String,
        /// File with the account's password; asked for if not given
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Take somebody's second factors and recovery codes away, when they have lost them; their sessions end
    Reset {
        /// The account's e-mail address
        email: String,
    },
}

impl Factor {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Enrol { email, password_file } => {
                first_factor::require_terminal()?;
                let password = secret::read(password_file.as_deref(), &format!("Password of {email}: "))?;
                host::with_platform(common.config.as_deref(), async |platform, _| {
                    first_factor::enrol(platform, email, password).await
                })
            }
            Self::Reset { email } => reset(common, email),
        }
    }
}

fn reset(common: &Common, email: &str) -> Result<(), CommandError> {
    let reset = async |platform: &Platform, _: &config::Config| {
        Ok(factor::reset_as_operator(platform, &Caller::host(), email).await?)
    };
    let removed = host::with_platform(common.config.as_deref(), reset)?;
    output::talk(&format!(
        "{email} has no second factor now ({removed} removed); where one is required, the next sign-in sets up a new one"
    ));
    Ok(())
}
