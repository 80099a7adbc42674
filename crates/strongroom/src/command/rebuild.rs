//! `strongroom rebuild`

use super::{Common, backup::settings, recovery_kit::Passphrase};
use crate::{
    backup::rebuild::{self, From, Wish},
    failure::{CommandError, Exit},
};
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Rebuild {
    /// Where the copy lies: the folder of a mounted one, or `second` for the second location that the kit names
    #[arg(long, value_name = "FOLDER|second")]
    from: PathBuf,
    /// The second location as it was then: a bucket in which files were replaced or deleted since, and whose storage keeps versions
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// The recovery kit
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
    /// A copy of the lost machine's /var/lib/strongroom/audit, where one was kept; without it the log's tiles are made anew
    #[arg(long, value_name = "FOLDER")]
    audit_log: Option<PathBuf>,
    /// Where the database is to lie; where it lay if not given
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl Rebuild {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let from = match (self.from.to_str(), self.as_of) {
            (Some("second"), None) => From::Second,
            (Some("second"), Some(moment)) => From::SecondAsOf(moment),
            (_, Some(_)) => {
                let text = "--as-of goes with --from second, where that is a bucket";
                return Err(CommandError::said(Exit::Usage, text));
            }
            (Some(path), None) if path.starts_with('/') => From::Folder(self.from.clone()),
            _ => {
                let text = "--from takes a folder's whole path, or the word second";
                return Err(CommandError::said(Exit::Usage, text));
            }
        };
        let wish = Wish {
            from,
            kit: self.kit.clone(),
            audit_log: self.audit_log.clone(),
            data_folder: self.data_folder.clone(),
        };
        let rebuilt = rebuild::rebuild(&settings(common), &wish, &self.passphrase.read()?)?;
        let pairs = [
            ("backup", rebuilt.label.clone()),
            ("changes until", rebuilt.newest_change.clone().unwrap_or_default()),
            ("cluster", rebuilt.cluster.clone()),
            ("sessions, tokens and links ended", rebuilt.ended.to_string()),
            ("audit log", rebuilt.log.clone()),
            ("next", "strongroom backup enable, systemctl enable --now strongroom strongroom-worker, strongroom doctor".to_owned()),
        ];
        let json = json!({
            "backup": rebuilt.label,
            "newest_change": rebuilt.newest_change,
            "cluster": rebuilt.cluster,
            "ended": rebuilt.ended,
            "log": rebuilt.log,
        });
        common.format().thing(&pairs, &json)
    }
}
