//! `strongroom audit rotate-key`

use super::{super::Common, give};
use crate::{
    failure::CommandError,
    host,
    output::{Format, talk},
};
use clap::Args;
use platform::{
    Caller, Platform,
    ledger::rotation::{self, Rotation},
};
use serde_json::json;

#[derive(Debug, Args)]
pub(in crate::command) struct Rotate {
    /// Let the old key go, once witnesses and auditors have the new policy
    #[arg(long, conflicts_with_all = ["show", "announcements"])]
    finish: bool,
    /// Show how it stands, and do nothing
    #[arg(long, conflicts_with = "announcements")]
    show: bool,
    /// Print what leads an auditor from each key to the next (`strongroom-verify --rotation`), a file after the other
    #[arg(long)]
    announcements: bool,
}

impl Rotate {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, _| {
            let host = Caller::host();
            if self.announcements {
                return announcements(platform, common.format()).await;
            }
            let found = match (self.finish, self.show) {
                (true, _) => rotation::finish(platform, &host).await?,
                (false, true) => rotation::standing(platform, &host).await?,
                (false, false) => rotation::rotate(platform, &host).await?,
            };
            talk(next(&found));
            show(&found, common.format())
        })
    }
}

async fn announcements(platform: &Platform, format: Format) -> Result<(), CommandError> {
    let found = rotation::announcements(platform, &Caller::host()).await?;
    if found.is_empty() {
        talk("the log's key was never exchanged");
    }
    give(format, &found.join("\n"), &json!({ "announcements": found }))
}

/// What to do now.
fn next(found: &Rotation) -> &'static str {
    match found {
        Rotation::None { .. } => "one key signs the log",
        Rotation::Made { .. } => {
            "the worker signs the announcement within seconds; make a backup, which holds the new key, and look again with --show"
        }
        Rotation::Announced { .. } => {
            "both keys sign: hand the new policy (`strongroom audit policy`) or kit to witnesses and auditors, and when they have it, end with --finish"
        }
    }
}

fn show(found: &Rotation, format: Format) -> Result<(), CommandError> {
    let (key, successor, leaf) = match found {
        Rotation::None { key } => (key, "none".to_owned(), "-".to_owned()),
        Rotation::Made { key, successor } => (key, successor.clone(), "not signed yet".to_owned()),
        Rotation::Announced { key, successor, leaf } => (key, successor.clone(), leaf.to_string()),
    };
    format.thing(
        &[
            ("key", key.clone()),
            ("new key", successor),
            ("announced by leaf", leaf),
        ],
        &json!(found),
    )
}
