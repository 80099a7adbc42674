//! `strongroom update run`

use super::{Common, here::Shelf};
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    update::{self, Extent, bundle::Bundle},
};
use ::host::updates::{Outcome, Update};
use config::{Config, Environment};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use updates::shelf;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Run {
    /// Only end what a former run, cut off by a power cut for example, has begun
    #[arg(long, conflicts_with = "bundle")]
    resume: bool,
    /// Out of the bundle that was imported last, and not out of the repository
    #[arg(long)]
    bundle: bool,
    #[command(flatten)]
    way_back: WayBack,
    #[command(flatten)]
    shelf: Shelf,
}

/// What an update goes back to.
#[derive(Debug, clap::Args)]
pub(super) struct WayBack {
    /// The package's file of the version that runs, to go back to; needed where it is neither kept from an update nor to
    /// be had from the repository
    #[arg(long, value_name = "DEB")]
    way_back: Vec<PathBuf>,
}

impl WayBack {
    pub(super) fn is_named(&self) -> bool {
        !self.way_back.is_empty()
    }
}

impl Run {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        let config = common.config.as_deref();
        let extent = match (self.resume, self.bundle) {
            (true, _) => Extent::Resume,
            (false, true) => Extent::Bundle(self.bundle_taken_last(config)?),
            (false, false) => Extent::Whole,
        };
        let ended = take(config, &extent, &self.way_back)?;
        if common.format() == Format::Json {
            output::data(&json!({"updates": ended}).to_string())?;
        }
        Ok(code(&ended))
    }

    fn bundle_taken_last(&self, config: Option<&Path>) -> Result<Bundle, CommandError> {
        let places = self.shelf.places(config);
        let found = places.read()?.ok_or_else(|| {
            let text = "no bundle was ever imported here; import one with `strongroom update import`";
            CommandError::said(Exit::Failed, text)
        })?;
        let manifest = shelf::manifest(&places, &found.record)?;
        Ok(Bundle::of(
            &manifest,
            shelf::folder(&places, found.record.sequence),
        ))
    }
}

/// Updates; gives what ended.
pub(super) fn take(
    config: Option<&Path>,
    extent: &Extent,
    way_back: &WayBack,
) -> Result<Vec<Update>, CommandError> {
    let settings = Config::place(config, &Environment::of_process());
    update::run(&settings, extent, &way_back.way_back)
}

/// Whether all of them ended well.
pub(super) fn code(ended: &[Update]) -> ExitCode {
    let is_well = |outcome| matches!(outcome, Some(Outcome::Installed | Outcome::Interrupted));
    match ended.iter().all(|update| is_well(update.outcome)) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(Exit::Failed as u8),
    }
}
