//! `strongroom promises`

use super::Common;
use crate::{failure::CommandError, host, output::talk};
use platform::{Caller, promise};
use serde_json::{Value as Json, json};

#[derive(Debug, clap::Args)]
pub(super) struct Promises {
    /// Look at every promise that has a check now, instead of showing the newest observations
    #[arg(long)]
    check: bool,
    /// Only promises in this state: kept, broken, unknown or waived
    #[arg(long)]
    state: Option<String>,
}

impl Promises {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let lines = host::with_platform(common.config.as_deref(), async |platform, _| {
            if self.check {
                talk("looking; this may take a minute");
                platform.declare_pages(console::page_sources());
                promise::check_all(platform).await?;
            }
            Ok(promise::register(platform, &Caller::host()).await?)
        })?;
        let json: Vec<Json> = lines.iter().map(|line| json!(line)).collect();
        let wanted = |line: &&Json| {
            self.state
                .as_ref()
                .is_none_or(|state| line["state"] == state.as_str())
        };
        let json: Vec<Json> = json.iter().filter(wanted).cloned().collect();
        let names = ["id", "state", "promise", "reason"];
        let row = |line: &Json| {
            names
                .iter()
                .map(|name| crate::client::show::member(line, name))
                .collect()
        };
        let rows = json.iter().map(row).collect();
        common.format().list(&names, rows, &json!({"promises": json}))
    }
}
