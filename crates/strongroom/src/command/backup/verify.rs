//! `strongroom backup verify`

use super::{Common, settings};
use crate::{
    backup::{PATIENT, Site, copy, verify},
    failure::{CommandError, Exit},
    output,
};
use ::host::backup::record::Verification;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Verify {
    /// Fetch the second location's copy and look at that
    #[arg(long)]
    second: bool,
}

impl Verify {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let site = Site::of_enabled(&settings(common), PATIENT)?;
        let found = match self.second {
            true => copy::verify(&site)?,
            false => verify::first(&site)?,
        };
        show(common, &found)
    }
}

/// Exits with 1 where something is wrong.
fn show(common: &Common, verification: &Verification) -> Result<ExitCode, CommandError> {
    let Some(found) = &verification.found else {
        let why = verification.why.as_deref().unwrap_or("nothing was there");
        let text = format!("the repository could not be looked at: {why}");
        return Err(CommandError::said(Exit::Failed, text));
    };
    for fault in &found.faults {
        output::talk(fault);
    }
    let pairs = [
        ("whole", found.is_whole().to_string()),
        ("files of backups", found.files.to_string()),
        ("files of changes", found.changes.to_string()),
        ("newest change", found.newest_change.clone().unwrap_or_default()),
        ("faults", found.faults.len().to_string()),
    ];
    let json = json!({
        "whole": found.is_whole(),
        "files": found.files,
        "changes": found.changes,
        "newest_change": found.newest_change,
        "faults": found.faults,
    });
    common.format().thing(&pairs, &json)?;
    Ok(match found.is_whole() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(Exit::Failed as u8),
    })
}
