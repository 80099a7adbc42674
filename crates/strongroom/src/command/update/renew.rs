//! `strongroom update renew`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    update::renew,
};
use config::{Config, Environment};
use jiff::Zoned;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Renew {}

impl Renew {
    /// Exit code 1 where something that was started anew is not well.
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let renewal = renew::run(&settings, &Zoned::now())?;
        if common.format() == Format::Json {
            output::data(&json!({"renewal": renewal}).to_string())?;
        }
        let is_well = renewal.is_none_or(|renewal| renewal.failed.is_empty());
        Ok(match is_well {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(Exit::Failed as u8),
        })
    }
}
