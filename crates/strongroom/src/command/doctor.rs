//! `strongroom doctor`

use super::Common;
use crate::{
    doctor::{self, Hand},
    failure::{CommandError, Exit},
    finding::{Finding, Level},
    output::{self, Format},
};
use config::{Config, Environment};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    /// Mend what can be mended without loss: owners and modes of our own files, units that should run
    #[arg(long)]
    repair: bool,
}

impl Doctor {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let hand = if self.repair { Hand::Repair } else { Hand::Look };
        let findings = doctor::examine(&settings, hand);
        let count = |level| {
            findings
                .iter()
                .filter(|one| one.is_open() && one.level == level)
                .count()
        };
        let (faults, warnings) = (count(Level::Fault), count(Level::Warning));
        match common.format() {
            Format::Json => output::data(
                &json!({"faults": faults, "warnings": warnings, "findings": findings}).to_string(),
            )?,
            Format::Text => {
                let lines: Vec<String> = findings.iter().map(Finding::lines).collect();
                output::data(&lines.join("\n"))?;
            }
        }
        output::talk(&format!("{faults} faults, {warnings} warnings"));
        Ok(match faults {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(Exit::Failed as u8),
        })
    }
}
