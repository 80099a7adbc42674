//! `strongroom backup copy`

use super::{Common, settings};
use crate::{
    backup::{Site, copy, run},
    failure::CommandError,
    output, secret,
};
use ::host::backup::{mirror::Known, record::Keeps};
use serde_json::json;
use std::{path::PathBuf, time::Duration};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Copy {
    /// The second location is new: put our mark there, by which it is known from then on
    #[arg(long)]
    begin: bool,
    /// Only make the key that signs in there, if there is none, and show its public half
    #[arg(long, conflicts_with = "begin")]
    key: bool,
    /// Only keep the secret of the key that signs for the bucket, which is asked for at the terminal
    #[arg(long, conflicts_with_all = ["begin", "key"])]
    secret: bool,
    /// The same out of a file that its owner only can read
    #[arg(long, value_name = "FILE", requires = "secret")]
    secret_file: Option<PathBuf>,
    /// Where the settings name no second location, do nothing and end well
    #[arg(long, conflicts_with_all = ["begin", "key", "secret"])]
    if_set: bool,
}

impl Copy {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::of_enabled(&settings(common), Duration::ZERO)?;
        if self.if_set {
            // Each time that the timer comes: what is missing is known within minutes, and not only after the next backup.
            run::look_for_holes(&site)?;
            if site.config.backup.second.is_none() {
                return Ok(());
            }
        }
        if self.key {
            return output::data(&copy::public_key(&site.config)?);
        }
        if self.secret {
            let secret = secret::read(self.secret_file.as_deref(), "Secret of the key for the bucket: ")?;
            return copy::keep_secret(&site.config, &secret);
        }
        let known = if self.begin {
            Known::FromNowOn
        } else {
            Known::Before
        };
        let copied = copy::copy(&site, known)?;
        if copied.to_go > 0 {
            output::talk(
                "its time was over, so that backups need not wait; the next copy goes on with what is left",
            );
        }
        let pairs = [
            ("to", copied.to.clone()),
            ("new files", copied.files.to_string()),
            ("their size", format!("{} kB", copied.bytes / 1000)),
            ("files to go", copied.to_go.to_string()),
            (
                "newest change there",
                copied.newest_change.clone().unwrap_or_default(),
            ),
            (
                "deletion there",
                copied.keeps.map_or("not seen", Keeps::told).to_owned(),
            ),
        ];
        let json = json!({
            "to": copied.to,
            "files": copied.files,
            "to_go": copied.to_go,
            "oldest_backup": copied.oldest_backup,
            "bytes": copied.bytes,
            "newest_change": copied.newest_change,
            "keeps": copied.keeps,
        });
        common.format().thing(&pairs, &json)
    }
}
