//! `strongroom audit`

mod anchor;
mod check;
mod entry;
mod export;
mod kept;
mod kit;
mod note;
mod recover;
mod rotate;

use super::Common;
use crate::{
    failure::CommandError,
    host,
    output::{Format, data},
};
use anchor::{Anchor, Appoint, Cosign};
use clap::Subcommand;
use entry::{List, One, Prove};
use export::Export;
use kit::Kit;
use note::Note;
use platform::{Caller, ledger};
use recover::Recover;
use rotate::Rotate;
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Requests, cosignatures and policies are shorter.
const SMALL_BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// List entries of an organization's audit log, newest first, through the API
    List(List),
    /// Show one entry with what it changed, through the API
    Show(One),
    /// Give the receipt of one entry: a proof that it is in the signed log, which anybody can check with the policy
    Prove(Prove),
    /// Write an export that an auditor verifies with strongroom-verify and the policy, on the host; it holds sensitive values in the clear
    Export(Export),
    /// Check the log against the data, on the host: one organization, or all, the appliance's own log and the signed log as a whole
    Check {
        /// The organization
        organization: Option<String>,
        /// Hold a receipt, a note of the day or a letter with one, kept elsewhere, against the log, and check nothing else
        #[arg(long, value_name = "FILE", conflicts_with = "organization")]
        kept: Option<PathBuf>,
    },
    /// Print the newest signed checkpoint, on the host, to be kept elsewhere: by mail, on paper, with a witness
    Anchor(Anchor),
    /// Print the note of the day, on the host, and name whom it is mailed to: the newest signed checkpoint with witnesses' cosignatures
    Note(Note),
    /// Name a witness elsewhere, on the host, by the key that `strongroom witness make` gave
    Witness(Appoint),
    /// Keep what a witness answered, on the host
    Cosign(Cosign),
    /// Mend the log after a restore of the database or the loss of its folder, on the host: shows what would be done, and does it when that
    /// is confirmed
    Recover(Recover),
    /// Exchange the key that signs the log, on the host: announces a new one, which signs beside the old one until you end it with --finish
    RotateKey(Rotate),
    /// Write the auditor's kit into a folder, on the host: the policy, the newest checkpoint, a second verifier and how to use them
    Kit(Kit),
    /// Print the policy that an auditor pins, on the host: the log's name and key. Hand it over once, by a way of your own
    Policy,
}

impl Audit {
    pub(super) fn run(&self, common: &Common) -> Result<ExitCode, CommandError> {
        match self {
            Self::List(list) => list.run(common).map(|()| ExitCode::SUCCESS),
            Self::Show(one) => one.show(common).map(|()| ExitCode::SUCCESS),
            Self::Prove(prove) => prove.run(common).map(|()| ExitCode::SUCCESS),
            Self::Check { kept: Some(kept), .. } => kept::run(common, kept),
            Self::Check {
                organization,
                kept: None,
            } => check::run(common, organization.as_deref()),
            Self::Export(export) => export.run(common).map(|()| ExitCode::SUCCESS),
            Self::Anchor(wish) => wish.run(common),
            Self::RotateKey(rotate) => rotate.run(common).map(|()| ExitCode::SUCCESS),
            Self::Kit(kit) => kit.run(common).map(|()| ExitCode::SUCCESS),
            Self::Note(note) => note.run(common).map(|()| ExitCode::SUCCESS),
            Self::Witness(appoint) => appoint.run(common).map(|()| ExitCode::SUCCESS),
            Self::Cosign(cosign) => cosign.run(common).map(|()| ExitCode::SUCCESS),
            Self::Recover(recover) => recover.run(common).map(|()| ExitCode::SUCCESS),
            Self::Policy => host::with_platform(common.config.as_deref(), async |platform, _| {
                let policy = ledger::policy(platform, &Caller::host()).await?;
                give(common.format(), &policy, &json!({ "policy": policy }))
            })
            .map(|()| ExitCode::SUCCESS),
        }
    }
}

/// A file that somebody carried here; none of them is long.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>, CommandError> {
    let failed = || CommandError::io(format!("cannot read {}", path.display()));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed())?;
    file.take(SMALL_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed())?;
    Ok(bytes)
}

/// A text that is kept as it is, or the value for programs.
fn give(format: Format, text: &str, json: &Json) -> Result<(), CommandError> {
    match format {
        Format::Json => format.thing(&[], json),
        Format::Text => data(text),
    }
}
