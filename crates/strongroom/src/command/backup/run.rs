//! `strongroom backup run`

use super::{Common, settings};
use crate::{
    backup::{PATIENT, Site, run},
    failure::{CommandError, Exit},
};
use ::host::backup::engine::Kind;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Run {
    /// Everything; without a word, everything once a week and what changed since on the other days
    #[arg(long, conflicts_with_all = ["diff", "incr"])]
    full: bool,
    /// What changed since the last full backup
    #[arg(long, conflicts_with = "incr")]
    diff: bool,
    /// What changed since the last backup
    #[arg(long)]
    incr: bool,
}

impl Run {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::of_enabled(&settings(common), PATIENT)?;
        let run = run::run(&site, self.kind())?;
        let pairs = [
            ("backup", run.label.clone().unwrap_or_default()),
            ("kind", run.kind.as_str().to_owned()),
            ("cluster", format!("{} kB", run.bytes / 1000)),
            ("stored", format!("{} kB", run.stored_bytes / 1000)),
            (
                "took",
                format!("{} s", run.ended_at.duration_since(run.began_at).as_secs()),
            ),
        ];
        let json = serde_json::to_value(&run)
            .map_err(|error| CommandError::said(Exit::Failed, format!("the backup has no form ({error})")))?;
        common.format().thing(&pairs, &json!({"run": json}))
    }

    fn kind(&self) -> Option<Kind> {
        match (self.full, self.diff, self.incr) {
            (true, _, _) => Some(Kind::Full),
            (_, true, _) => Some(Kind::Differential),
            (_, _, true) => Some(Kind::Incremental),
            (false, false, false) => None,
        }
    }
}
