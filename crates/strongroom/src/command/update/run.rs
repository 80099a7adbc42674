//! `strongroom update run`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    update::{self, Extent},
};
use ::host::updates::Outcome;
use config::{Config, Environment};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Run {
    /// Only end what a former run, cut off by a power cut for example, has begun
    #[arg(long)]
    resume: bool,
}

impl Run {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let extent = if self.resume {
            Extent::Resume
        } else {
            Extent::Whole
        };
        let ended = update::run(&settings, extent)?;
        if common.format() == Format::Json {
            output::data(&json!({"updates": ended}).to_string())?;
        }
        let is_well = |outcome| matches!(outcome, Some(Outcome::Installed | Outcome::Interrupted));
        Ok(match ended.iter().all(|update| is_well(update.outcome)) {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(Exit::Failed as u8),
        })
    }
}
