//! `strongroom setup`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    setup::{self, Extent, Outcome, answers::Answers, questions, step::Step},
};
use config::{Config, Environment};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, clap::Args)]
pub(super) struct Setup {
    /// Take the answers from a file (TOML) instead of asking; running it again changes nothing
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Check the machine and say what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop after this step
    #[arg(long, value_enum, value_name = "STEP", default_value = "firewall")]
    until: Step,
}

impl Setup {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let answers = match &self.answers {
            Some(file) => Answers::read(file)?,
            None => questions::ask()?,
        };
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let extent = Extent {
            is_dry: self.dry_run,
            until: self.until,
        };
        let outcome = setup::run(answers, settings, extent)?;
        say(&outcome, extent);
        if common.format() == Format::Json {
            let json = json!({
                "url": outcome.url,
                "changed": outcome.is_changed && !self.dry_run,
                "dry_run": self.dry_run,
                "findings": outcome.findings,
                "steps": outcome.steps,
            });
            output::data(&json.to_string())?;
        }
        Ok(match outcome.is_waiting {
            true => ExitCode::from(Exit::Failed as u8),
            false => ExitCode::SUCCESS,
        })
    }
}

/// What was done, what was not, and where to go.
fn say(outcome: &Outcome, extent: Extent) {
    let url = &outcome.url;
    output::talk(&match outcome {
        Outcome { is_waiting: true, .. } => "\nSet-up goes on when that is there.".to_owned(),
        _ if extent.is_dry => "\nNothing was changed.".to_owned(),
        Outcome {
            is_changed: false, ..
        } => format!("\nNothing was changed: all was set up already. {url}"),
        _ if extent.until != Step::Firewall => {
            format!(
                "\nStopped after the step {}; run setup again to go on.",
                extent.until.as_str()
            )
        }
        _ if is_unserved(outcome) => {
            format!("\nStart both daemons, then sign in at {url}.")
        }
        Outcome { .. } => format!("\nSign in at {url}; `strongroom doctor` looks after it from now on."),
    });
}

/// Nobody answers yet, because the daemons were not to be started.
fn is_unserved(outcome: &Outcome) -> bool {
    let health = Step::Health.as_str();
    let mut steps = outcome.steps.iter();
    steps.any(|step| step.step == health && step.state == "left out")
}
