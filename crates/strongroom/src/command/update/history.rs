//! `strongroom update history`

use super::Common;
use crate::{
    failure::CommandError,
    update::{renew, words},
};
use ::host::updates::{Folder, Reboot, Renewal, Update};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct History {}

impl History {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let folder = Folder::of_machine();
        let (history, mut renewals) = (folder.history()?, folder.renewals()?);
        renewals.retain(Renewal::is_news);
        let headers = ["began", "from", "to", "outcome", "steps", "why"];
        let updates = history.iter().map(|update| (update.began_at, row(update)));
        let restarts = renewals
            .iter()
            .map(|renewal| (renewal.at, row_of_renewal(renewal)));
        let mut rows: Vec<_> = updates.chain(restarts).collect();
        rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        let json = json!({"updates": history, "renewals": renewals});
        common.format().list(&headers, rows, &json)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A renewal has no version; what was done stands where an update has its steps.
fn row_of_renewal(renewal: &Renewal) -> Vec<String> {
    let outcome = match (renewal.reboot, &renewal.deferred) {
        (Reboot::Begun, _) => "machine started anew",
        (Reboot::NotNeeded | Reboot::Wanted, Some(_)) => "put off",
        (Reboot::NotNeeded | Reboot::Wanted, None) => "services started anew",
    };
    vec![
        renewal.at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        "-".to_owned(),
        "-".to_owned(),
        outcome.to_owned(),
        renew::lines(renewal).join("\n"),
        renewal.deferred.clone().unwrap_or_default(),
    ]
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
