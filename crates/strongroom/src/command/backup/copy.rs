//! `strongroom backup copy`

use super::{Common, settings};
use crate::{
    backup::{Site, copy},
    failure::CommandError,
    output,
};
use ::host::backup::mirror::Known;
use serde_json::json;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Copy {
    /// The second location is new: put our mark there, by which it is known from then on
    #[arg(long)]
    begin: bool,
    /// Only make the key that signs in there, if there is none, and show its public half
    #[arg(long, conflicts_with = "begin")]
    key: bool,
    /// Where the settings name no second location, do nothing and end well
    #[arg(long, conflicts_with_all = ["begin", "key"])]
    if_set: bool,
}

impl Copy {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::of_enabled(&settings(common), Duration::ZERO)?;
        if self.if_set && site.config.backup.second.is_none() {
            return Ok(());
        }
        if self.key {
            return output::data(&copy::public_key(&site.config)?);
        }
        let known = if self.begin {
            Known::FromNowOn
        } else {
            Known::Before
        };
        let copied = copy::copy(&site, known)?;
        let pairs = [
            ("to", copied.to.clone()),
            ("new files", copied.files.to_string()),
            ("their size", format!("{} kB", copied.bytes / 1000)),
            (
                "newest change there",
                copied.newest_change.clone().unwrap_or_default(),
            ),
        ];
        let json = json!({
            "to": copied.to,
            "files": copied.files,
            "bytes": copied.bytes,
            "newest_change": copied.newest_change,
        });
        common.format().thing(&pairs, &json)
    }
}
