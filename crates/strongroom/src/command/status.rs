//! `strongroom status`

use super::Common;
use crate::{failure::CommandError, host};
use platform::{Caller, organization};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, config| {
            let organizations = organization::list_all(platform, &Caller::host()).await?.len();
            let pairs = [
                ("version", env!("CARGO_PKG_VERSION").to_owned()),
                ("base URL", config.listen.base_url.to_string()),
                ("database", format!("{} answers", config.database.name)),
                ("root key", "opens the appliance's keys".to_owned()),
                ("organizations", organizations.to_string()),
            ];
            let json = json!({
                "version": env!("CARGO_PKG_VERSION"),
                "base_url": config.listen.base_url.as_str(),
                "database": {"name": config.database.name, "state": "answers"},
                "root_key": "good",
                "organizations": organizations,
            });
            common.format().thing(&pairs, &json)
        })
    }
}
