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

/// What browsers bind to the name.
const KEYS: &str = "passkeys and security keys of before open nothing under another name; their holders sign in with an \
                    app or a recovery code and add them anew.";

fn told(outcome: &Outcome, is_dry: bool) -> String {
    let url = &outcome.url;
    match outcome {
        Outcome { is_waiting: true, .. } => {
            "Nothing else was changed; run this again when that is there.".to_owned()
        }
        Outcome {
            is_changed: false, ..
        } => format!("Nothing was changed: it is called so already. {url}"),
        _ if is_dry => format!("Nothing was changed. Once it is done: {KEYS}"),
        Outcome { .. } => format!(
            "{url}: everybody signs in anew, since browsers keep sessions by name; links of before are void. {KEYS}"
        ),
    }
}
