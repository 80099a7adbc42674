//! `strongroom organization policy`

use super::Common;
use crate::{
    client::{Client, Connection, show::member},
    failure::CommandError,
};
use clap::Args;
use serde_json::{Map, Value as Json, json};

#[derive(Debug, Args)]
pub(in crate::command) struct Policy {
    /// May administrators and owners reveal sensitive values: allow or deny
    #[arg(long, value_name = "CHOICE", value_parser = ["allow", "deny"])]
    administrators_reveal: Option<String>,
    /// May administrators and owners export records: allow or deny
    #[arg(long, value_name = "CHOICE", value_parser = ["allow", "deny"])]
    administrators_export: Option<String>,
    /// May administrators and owners close periods: allow or deny
    #[arg(long, value_name = "CHOICE", value_parser = ["allow", "deny"])]
    administrators_close_periods: Option<String>,
    /// Members' sessions end after so many seconds without use; "appliance" for the appliance's bound
    #[arg(long, value_name = "SECONDS", value_parser = bound)]
    session_idle: Option<Bound>,
    /// Members' sessions end after so many seconds in any case; "appliance" for the appliance's bound
    #[arg(long, value_name = "SECONDS", value_parser = bound)]
    session_absolute: Option<Bound>,
    #[command(flatten)]
    connection: Connection,
}

/// A bound of sessions.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Appliance,
    Seconds(u32),
}

fn bound(text: &str) -> Result<Bound, String> {
    match text {
        "appliance" => Ok(Bound::Appliance),
        _ => text
            .parse()
            .map(Bound::Seconds)
            .map_err(|_| format!("{text:?} is neither a number of seconds nor \"appliance\"")),
    }
}

impl Policy {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let changes = self.changes();
        let answer = match changes.is_empty() {
            true => client.get(&["policies"], &[])?,
            false => client.patch(&["policies"], None, &Json::Object(changes))?,
        };
        let seconds = |name: &str| match answer[name].as_u64() {
            Some(seconds) => format!("{seconds} s"),
            None => "as the appliance".to_owned(),
        };
        let pairs = [
            ("administrators reveal", member(&answer, "administrators_reveal")),
            ("administrators export", member(&answer, "administrators_export")),
            (
                "administrators close periods",
                member(&answer, "administrators_close_periods"),
            ),
            ("session idle", seconds("session_idle_seconds_max")),
            ("session absolute", seconds("session_absolute_seconds_max")),
        ];
        common.format().thing(&pairs, &answer)
    }

    fn changes(&self) -> Map<String, Json> {
        let choices = [
            ("administrators_reveal", &self.administrators_reveal),
            ("administrators_export", &self.administrators_export),
            ("administrators_close_periods", &self.administrators_close_periods),
        ];
        let bounds = [
            ("session_idle_seconds_max", self.session_idle),
            ("session_absolute_seconds_max", self.session_absolute),
        ];
        let choices = choices
            .into_iter()
            .filter_map(|(name, choice)| Some((name.to_owned(), json!(choice.as_ref()?))));
        let bounds = bounds.into_iter().filter_map(|(name, bound)| {
            let value = match bound? {
                Bound::Appliance => Json::Null,
                Bound::Seconds(seconds) => json!(seconds),
            };
            Some((name.to_owned(), value))
        });
        choices.chain(bounds).collect()
    }
}
