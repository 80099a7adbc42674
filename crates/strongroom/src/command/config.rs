//! `strongroom config`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output,
};
use clap::Subcommand;
use config::{Config, Problem};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Check the configuration and the files that it names; every problem at once, with what to do
    Check,
}

impl ConfigCommand {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let Self::Check = self;
        let problems = Config::check(common.config.as_deref());
        if common.format() == output::Format::Json {
            let problems: Vec<Value> = problems.iter().map(json_of).collect();
            output::data(&json!({"problems": problems}).to_string())?;
        }
        if problems.is_empty() {
            output::talk("the configuration is good");
            return Ok(ExitCode::SUCCESS);
        }
        for problem in &problems {
            output::talk(&problem.to_string());
        }
        Ok(ExitCode::from(Exit::Failed as u8))
    }
}

fn json_of(problem: &Problem) -> Value {
    let (line, column) = problem.place.position.unzip();
    json!({
        "what": problem.what,
        "advice": problem.advice,
        "file": problem.place.file,
        "line": line,
        "column": column,
        "key": problem.place.key,
    })
}
