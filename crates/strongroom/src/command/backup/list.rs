//! `strongroom backup list`

use super::{Common, settings};
use crate::{backup, failure::CommandError, host::block_on, output};
use ::host::backup::{engine, wal};
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
        let admin = backup::superuser_at(&config.database.host, config.database.port);
        let archiver = block_on(async { Ok(platform::backup::archiver(&admin).await?) })?;
        let oldest = info.backups.first().map(|backup| backup.archive_start.clone());
        let names = wal::archived(&repository.data())?;
        let holes = wal::told_holes(&names, &oldest.unwrap_or_default());
        if let (Some(from), Some(to)) = (info.restorable_from(), archiver.last_at) {
            output::talk(&format!("every moment from {from} to {to} can be gone back to"));
        }
        for hole in &holes {
            output::talk(&format!("but {hole}: nothing after it until the next backup"));
        }
        let json = json!({
            "backups": info.backups,
            "restorable_from": info.restorable_from(),
            "restorable_to": archiver.last_at,
            "holes": holes,
        });
        common.format().list(
            &["backup", "kind", "restorable from", "cluster", "stored"],
            rows.collect(),
            &json,
        )
    }
}
