//! `strongroom database upgrade`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    major::{self, Wish},
    output::{self, Format},
};
use ::host::updates::{MajorOutcome, MajorUpgrade};
use config::{Config, Environment};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Upgrade {
    /// The major version of PostgreSQL to go to; the newest that is installed and supported if not given
    #[arg(long, value_name = "MAJOR")]
    to: Option<u32>,
    /// Where the new cluster's data is to lie, empty or not there yet; Debian's place if not given
    #[arg(long, value_name = "FOLDER")]
    data_folder: Option<PathBuf>,
    /// Say what would be done and for how long people wait; change nothing
    #[arg(long, conflicts_with_all = ["yes", "confirm", "return", "resume"])]
    plan: bool,
    /// Do it: everybody waits while the cluster is copied
    #[arg(long, conflicts_with_all = ["confirm", "return", "resume"])]
    yes: bool,
    /// Destroy the old cluster, which is kept until then
    #[arg(long, conflicts_with_all = ["to", "data_folder", "return", "resume"])]
    confirm: bool,
    /// Go back to the old cluster
    #[arg(long, requires = "discard_changes", conflicts_with_all = ["to", "data_folder", "resume"])]
    r#return: bool,
    /// Lose everything that was written since the upgrade
    #[arg(long, requires = "return")]
    discard_changes: bool,
    /// Only end or undo what a power cut has cut off
    #[arg(long, conflicts_with_all = ["to", "data_folder"])]
    resume: bool,
}

impl Upgrade {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let wish = Wish {
            to: self.to,
            data_folder: self.data_folder.clone(),
            is_dry: self.plan || !self.yes,
        };
        let (findings, ended) = match (self.confirm, self.r#return, self.resume) {
            (true, _, _) => (Vec::new(), Some(major::confirm(&settings)?)),
            (_, true, _) => (Vec::new(), Some(major::go_back(&settings)?)),
            (_, _, true) => (Vec::new(), major::resume(&settings)?),
            (false, false, false) => {
                let outcome = major::upgrade(&settings, &wish)?;
                (outcome.findings, outcome.upgrade)
            }
        };
        if let Some(upgrade) = &ended {
            told(upgrade).iter().for_each(|line| output::talk(line));
        }
        if common.format() == Format::Json {
            output::data(&json!({"findings": findings, "upgrade": ended}).to_string())?;
        }
        let asks = !(self.plan || self.yes || self.confirm || self.r#return || self.resume);
        if asks && ended.is_none() {
            let text = "nothing was changed; run it again with --yes, when nobody works";
            return Err(CommandError::said(Exit::Usage, text));
        }
        Ok(())
    }
}

/// How it ended, for people, and what comes next.
fn told(upgrade: &MajorUpgrade) -> Vec<String> {
    let MajorUpgrade {
        from, to, cluster, ..
    } = upgrade;
    let why = upgrade
        .why
        .as_ref()
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    match upgrade.outcome {
        Some(MajorOutcome::Kept) => vec![
            format!("Done: the appliance runs on PostgreSQL {to}. {from}/{cluster} is kept, stopped."),
            "When all is well: `strongroom database upgrade --confirm` destroys it.".to_owned(),
            "To go back, and lose what was written since: `strongroom database upgrade --return --discard-changes`.".to_owned(),
        ],
        Some(MajorOutcome::Confirmed) => vec![format!(
            "{from}/{cluster} is destroyed. `apt purge postgresql-{from}` removes its programs, where nobody else uses them."
        )],
        Some(MajorOutcome::Undone) => vec![format!("Undone{why}. The appliance runs on PostgreSQL {from}, as before.")],
        Some(MajorOutcome::Returned) => {
            vec![format!("The appliance runs on PostgreSQL {from} again, with the data of before the upgrade.")]
        }
        None => vec!["It is not ended.".to_owned()],
    }
}
