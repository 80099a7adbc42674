//! `strongroom audit kit`

use super::super::Common;
use crate::{audit_kit, failure::CommandError, host, output::talk};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::command) struct Kit {
    /// The folder, such as one on a stick; it is made if it is not there
    folder: PathBuf,
}

impl Kit {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        audit_kit::refuse_relative(&self.folder)?;
        let daily = host::with_platform(common.config.as_deref(), async |platform, _| {
            audit_kit::write(platform, &self.folder).await
        })?;
        talk(
            "hand the folder over by a way that this machine has no part in; write it again when a witness was named",
        );
        let size = daily.newest.size;
        common.format().thing(
            &[
                ("folder", self.folder.display().to_string()),
                ("size", size.to_string()),
            ],
            &json!({ "folder": self.folder, "size": size }),
        )
    }
}
