//! `strongroom support`

use super::Common;
use crate::{
    failure::CommandError,
    output::{self, Format},
    support::{self, File},
};
use ::host::write::{self, Access};
use clap::{Args, Subcommand};
use config::{Config, Environment};
use jiff::Timestamp;
use nix::unistd::{Gid, Uid};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Support {
    /// Write a file for support: versions, settings, findings, sizes and the journal, with every name and secret hidden
    Bundle(Bundle),
}

#[derive(Debug, Args)]
pub(super) struct Bundle {
    /// The file to write, which must not be there yet; strongroom-support-TIME.tar in this folder if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show every byte that would be in it, and write nothing
    #[arg(long, conflicts_with = "out")]
    preview: bool,
}

impl Support {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let Self::Bundle(bundle) = self;
        let place = Config::place(common.config.as_deref(), &Environment::of_process());
        let files = support::gather(&place)?;
        if bundle.preview {
            return preview(common, &files);
        }
        let path = bundle.path()?;
        let archive = support::archive(&files)?;
        let access = Access {
            user: Uid::effective(),
            group: Gid::effective(),
            mode: 0o600,
        };
        write::new_file(&path, &archive, access)?;
        output::talk("look through it before you hand it on; nothing was sent anywhere");
        let listed: Vec<_> = files
            .iter()
            .map(|file| json!({"name": file.name, "bytes": file.text.len(), "about": file.about}))
            .collect();
        let json = json!({"file": path, "bytes": archive.len(), "files": listed});
        let pairs = [
            ("file", path.display().to_string()),
            ("bytes", archive.len().to_string()),
        ];
        common.format().thing(&pairs, &json)
    }
}

impl Bundle {
    /// With its folder's own name: no part of a path may be a link when a file is written.
    fn path(&self) -> Result<PathBuf, CommandError> {
        let default = || {
            format!(
                "strongroom-support-{}.tar",
                Timestamp::now().strftime("%Y%m%dT%H%M%SZ")
            )
            .into()
        };
        let path = self.out.clone().unwrap_or_else(default);
        let folder = match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => ".".into(),
            Some(folder) => folder.to_owned(),
            None => PathBuf::from("/"),
        };
        let found = folder.canonicalize();
        let found = found.map_err(CommandError::io(format!(
            "cannot find the folder {}",
            folder.display()
        )))?;
        Ok(found.join(path.file_name().unwrap_or_default()))
    }
}

fn preview(common: &Common, files: &[File]) -> Result<(), CommandError> {
    match common.format() {
        Format::Json => {
            let all: Vec<_> = files
                .iter()
                .map(|file| json!({"name": file.name, "about": file.about, "text": file.text}))
                .collect();
            output::data(&json!({ "files": all }).to_string())
        }
        Format::Text => {
            for file in files {
                output::data(&format!("==== {} ({})", file.name, file.about))?;
                output::data(&file.text)?;
            }
            Ok(())
        }
    }
}
