//! `strongroom certificate`

use super::Common;
use crate::{
    failure::CommandError,
    output::{self, Format},
    setup::renew::{self, Moment},
};
use clap::Subcommand;
use config::{Config, Environment};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Certificate {
    /// Show whose it is, for which name and how long
    Status,
    /// Get the next one when it is time, from this machine's own authority or by ACME; a timer does so each hour
    Renew {
        /// Whatever time is left
        #[arg(long)]
        now: bool,
    },
}

impl Certificate {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        match self {
            Self::Status => {
                let shown = renew::look(&settings)?;
                let days = shown
                    .days_left
                    .map_or_else(|| "none".to_owned(), |days| days.to_string());
                let next = match (&shown.directory, shown.source) {
                    (Some(directory), _) => format!("by ACME from {directory}"),
                    (None, "own-authority") => "by this machine's own authority".to_owned(),
                    (None, _) => "by whoever made this one".to_owned(),
                };
                let pairs = [
                    ("name", shown.name.clone()),
                    ("days left", days),
                    ("next", next),
                    ("file", shown.file.display().to_string()),
                ];
                common.format().thing(&pairs, &json!(shown))
            }
            Self::Renew { now } => {
                let moment = if *now { Moment::Now } else { Moment::InTime };
                let steps = renew::renew(&settings, moment)?;
                for step in &steps {
                    output::talk(&format!("  {:9} {}: {}", step.state, step.step, step.what));
                }
                if common.format() == Format::Json {
                    output::data(&json!({"steps": steps}).to_string())?;
                }
                Ok(())
            }
        }
    }
}
