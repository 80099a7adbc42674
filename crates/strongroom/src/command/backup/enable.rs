//! `strongroom backup enable`

use super::{Common, settings};
use crate::{
    backup::{PATIENT, Site, enable},
    failure::CommandError,
};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Enable {}

impl Enable {
    #[expect(
        clippy::unused_self,
        reason = "every command is run by a method of its arguments"
    )]
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::begin(&settings(common), PATIENT)?;
        let is_restarted = enable::enable(&site)?;
        let folder = site.repository.folder().display().to_string();
        let pairs = [
            ("repository", folder.clone()),
            ("kept for", format!("{} days", site.config.backup.retention_days)),
            ("PostgreSQL started anew", is_restarted.to_string()),
            ("next", "strongroom backup run".to_owned()),
        ];
        let json = json!({
            "repository": folder,
            "retention_days": site.config.backup.retention_days,
            "restarted": is_restarted,
        });
        common.format().thing(&pairs, &json)
    }
}
