//! `strongroom backup list`

use super::{Common, settings};
use crate::{backup, failure::CommandError};
use ::host::backup::engine;
use config::Config;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct List {}

impl List {
    #[expect(
        clippy::unused_self,
        reason = "every command is run by a method of its arguments"
    )]
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let config = Config::load(Some(&settings(common)))?;
        let repository = backup::repository(&config)?;
        backup::require_enabled(&repository)?;
        let info = engine::info(&repository)?;
        let rows = info.backups.iter().rev().map(|backup| {
            vec![
                backup.label.clone(),
                backup.kind.clone(),
                backup.ended_at.to_string(),
                format!("{} kB", backup.bytes / 1000),
                format!("{} kB", backup.stored_bytes / 1000),
            ]
        });
        let json = json!({"backups": info.backups});
        common.format().list(
            &["backup", "kind", "restorable from", "cluster", "stored"],
            rows.collect(),
            &json,
        )
    }
}
