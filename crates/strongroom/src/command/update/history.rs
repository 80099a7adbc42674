//! `strongroom update history`

use super::Common;
use crate::{failure::CommandError, update::words};
use ::host::updates::{Folder, Update};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct History {}

impl History {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let history = Folder::of_machine().history()?;
        let headers = ["began", "from", "to", "outcome", "steps", "why"];
        let rows = history.iter().map(row).collect();
        common
            .format()
            .list(&headers, rows, &json!({"updates": history}))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn row(update: &Update) -> Vec<String> {
    let steps = update.steps.iter().map(|step| {
        let took = step.took_ms.map_or_else(
            || "cut off".to_owned(),
            |took| format!("{}.{} s", took / 1000, took % 1000 / 100),
        );
        format!("{} {took}", words::phase(step.phase))
    });
    vec![
        update.began_at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        update.from.clone(),
        update.to.clone(),
        words::outcome(update.outcome).to_owned(),
        steps.collect::<Vec<_>>().join("\n"),
        update.why.clone().unwrap_or_default(),
    ]
}
