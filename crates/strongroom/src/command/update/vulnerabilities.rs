//! `strongroom update vulnerabilities`

use super::here::Shelf;
use crate::{
    command::Common,
    failure::{CommandError, Exit},
    output::{self, Format},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;
use updates::vulnerability::{Assessment, Ground, Part, Unknown, assess};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Vulnerabilities {
    #[command(flatten)]
    shelf: Shelf,
}

impl Vulnerabilities {
    /// Exit code 1 when anything is unknown: a list that is empty for want of data must not pass for good news.
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let places = self.shelf.places(common.config.as_deref());
        let found = places.read()?;
        let nothing = "no bundle was ever imported here, so there is no data to compare with; \
                       import one with `strongroom update import`";
        let found = found.ok_or_else(|| CommandError::said(Exit::Failed, nothing))?;
        let ground = Ground::of_machine().ok_or_else(|| {
            CommandError::said(Exit::Failed, "the release of this machine is not known here")
        })?;
        let assessed = assess(&places, &found.record, &ground, Timestamp::now());
        let assessed = assessed.map_err(|error| CommandError::said(Exit::Failed, with_cause(&error)))?;
        show(common.format(), &assessed)?;
        Ok(match assessed {
            Assessment {
                system: Ok(_),
                program: Ok(_),
            } => ExitCode::SUCCESS,
            Assessment { .. } => ExitCode::from(Exit::Failed as u8),
        })
    }
}

fn show(format: Format, assessed: &Assessment) -> Result<(), CommandError> {
    let parts = [("system", &assessed.system), ("program", &assessed.program)];
    let mut rows = Vec::new();
    for (what, part) in parts {
        output::talk(&said(what, part));
        for one in part.iter().flat_map(|part| &part.open) {
            let fix = one.fix.clone().unwrap_or_else(|| "none yet".to_owned());
            let severity = one.severity.as_str().to_owned();
            let installed = one.installed.clone();
            rows.push(vec![
                what.to_owned(),
                one.name.clone(),
                installed,
                one.id.clone(),
                severity,
                fix,
            ]);
        }
    }
    let json = json!({"system": json_of(&assessed.system), "program": json_of(&assessed.program)});
    format.list(
        &[
            "part",
            "name",
            "installed",
            "vulnerability",
            "severity",
            "mended in",
        ],
        rows,
        &json,
    )
}

fn said(what: &str, part: &Result<Part, Unknown>) -> String {
    match part {
        Ok(part) => format!(
            "{what}: {} looked at, {} open, {} undecided; data of {}",
            part.looked_at,
            part.open.len(),
            part.undecided,
            part.as_of
        ),
        Err(unknown) => format!("{what}: unknown: {}", with_cause(unknown)),
    }
}

fn json_of(part: &Result<Part, Unknown>) -> Value {
    match part {
        Ok(part) => json!(part),
        Err(unknown) => json!({"unknown": with_cause(unknown)}),
    }
}

fn with_cause(unknown: &Unknown) -> String {
    let mut text = unknown.to_string();
    let mut cause = std::error::Error::source(unknown);
    while let Some(beneath) = cause {
        text.push_str(&format!(" ({beneath})"));
        cause = beneath.source();
    }
    text
}
