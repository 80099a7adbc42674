//! `strongroom backup drill`

use super::{Common, settings};
use crate::command::recovery_kit::Passphrase;
use crate::{
    backup::{PATIENT, Site, copy, drill, kit},
    failure::{CommandError, Exit},
    output,
};
use ::host::backup::record::{self, Location, Outcome};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Drill {
    /// Fetch the second location's copy and restore that
    #[arg(long)]
    second: bool,
    /// Open it with this recovery kit and not with the machine's own key
    #[arg(long, value_name = "FILE")]
    kit: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl Drill {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let site = Site::of_enabled(&settings(common), PATIENT)?;
        let key = match &self.kit {
            Some(file) => drill::Key::OfKit(kit::open(file, &self.passphrase.read()?)?.key()?),
            None => drill::own_key(&site)?,
        };
        let done = match self.second {
            true => {
                let fetched = copy::fetched(&site)?;
                drill::drill(&site, Location::Second, &fetched.repository, &key)?
            }
            false => drill::drill(&site, Location::First, &site.repository, &key)?,
        };
        show(common, &done)
    }
}

/// Exits with 1 where the drill failed.
fn show(common: &Common, drill: &record::Drill) -> Result<ExitCode, CommandError> {
    if let Some(why) = &drill.why {
        output::talk(&format!("the drill failed: {why}"));
    }
    let rows = drill.checks.iter().map(|check| {
        let verdict = if check.is_right { "right" } else { "wrong" };
        vec![
            check.name.clone(),
            verdict.to_owned(),
            format!(
                "{:.1} s",
                std::time::Duration::from_millis(check.took_ms).as_secs_f64()
            ),
            check.said.clone(),
        ]
    });
    let json = json!({"drill": serde_json::to_value(drill).unwrap_or_default()});
    common
        .format()
        .list(&["check", "verdict", "took", "seen"], rows.collect(), &json)?;
    Ok(match drill.outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(Exit::Failed as u8),
    })
}
