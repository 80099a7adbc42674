//! `strongroom witness`: on another host, which knows nothing of this one but its policy.

use super::{Common, audit::read_small};
use crate::{
    failure::CommandError,
    output::{Format, data, talk},
};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use platform::ledger::witness;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Witness {
    /// Make the folder and the key of a witness for one log; prints the key for `strongroom audit witness`
    Make(Make),
    /// Show how many leaves it has signed; a request must begin there
    Show {
        /// The witness's folder
        folder: PathBuf,
    },
    /// Sign a checkpoint, if it continues all that was signed before
    Sign(Sign),
}

#[derive(Debug, Args)]
pub(super) struct Make {
    /// The folder, which is made; its parent must be there
    folder: PathBuf,
    /// What the witness is called, such as witness.example.org
    name: String,
}

#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The witness's folder
    folder: PathBuf,
    /// The policy that the appliance's operator handed over (`strongroom audit policy`)
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// What it is asked: `strongroom audit anchor --witness-has SIZE`
    request: PathBuf,
}

impl Witness {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        match self {
            Self::Make(make) => {
                let key = witness::make(&make.folder, &make.name)?;
                talk("keep the folder: it holds the key, and what was signed last");
                give(common.format(), &key, "key")
            }
            Self::Show { folder } => {
                let size = witness::seen(folder)?;
                common
                    .format()
                    .thing(&[("size", size.to_string())], &json!({ "size": size }))
            }
            Self::Sign(sign) => {
                let (policy, request) = (read_small(&sign.policy)?, read_small(&sign.request)?);
                let line = witness::sign(&sign.folder, &policy, &request, Timestamp::now())?;
                give(common.format(), &line, "cosignature")
            }
        }
    }
}

fn give(format: Format, text: &str, name: &str) -> Result<(), CommandError> {
    match format {
        Format::Json => format.thing(&[], &json!({ name: text })),
        Format::Text => data(text),
    }
}
