//! `strongroom key`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output,
};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;
use vault::RootKey;

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a root key in a new file that only its owner can read; an existing file is never overwritten
    Create {
        /// The file
        #[arg(long)]
        file: PathBuf,
    },
}

impl Key {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let Self::Create { file } = self;
        let refused = |error: &dyn std::error::Error| CommandError::said(Exit::Failed, error.to_string());
        let key = RootKey::create(file).map_err(|error| refused(&error))?;
        let id = key.id().map_err(|error| refused(&error))?.to_string();
        output::talk(
            "Keep a copy where the database's backups are not: without this key nothing can be read again.",
        );
        let pairs = [("file", file.display().to_string()), ("key", id.clone())];
        common.format().thing(&pairs, &json!({"file": file, "key": id}))
    }
}
