//! `strongroom rename`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    setup::{Outcome, rename},
};
use config::{Config, Environment};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Rename {
    /// The new name that people will type, or an address
    #[arg(long, value_name = "NAME")]
    host: String,
    /// Say what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rename {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let outcome = rename::rename(&settings, self.host.clone(), self.dry_run)?;
        output::talk(&told(&outcome, self.dry_run));
        if common.format() == Format::Json {
            let json = json!({
                "url": outcome.url,
                "changed": outcome.is_changed && !self.dry_run,
                "dry_run": self.dry_run,
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

fn told(outcome: &Outcome, is_dry: bool) -> String {
    let url = &outcome.url;
    match outcome {
        Outcome { is_waiting: true, .. } => {
            "Nothing else was changed; run this again when that is there.".to_owned()
        }
        _ if is_dry => "Nothing was changed.".to_owned(),
        Outcome {
            is_changed: false, ..
        } => format!("Nothing was changed: it is called so already. {url}"),
        Outcome { .. } => format!(
            "{url}: everybody signs in anew, since browsers keep sessions by name; links of before are void."
        ),
    }
}
