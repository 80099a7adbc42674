//! `strongroom recovery-kit`

use super::{Common, backup::settings};
use crate::{
    backup::{PATIENT, Site, kit},
    failure::CommandError,
    secret,
};
use ::host::backup::record::Kit;
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum RecoveryKit {
    /// Put everything that a lost machine would take with it into a file under a passphrase, and read it back
    Make(Make),
    /// Read a kit back, and see that it opens the newest backup and holds the keys in use
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
pub(super) struct Make {
    /// The file to write, on a disk that leaves the machine; never overwritten
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The kit
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

/// Where the kit's passphrase comes from.
#[derive(Debug, clap::Args)]
pub(in crate::command) struct Passphrase {
    /// File with the passphrase, of at least 16 characters, readable by its owner only; asked for at the terminal if none
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// One that exists.
    pub(in crate::command) fn read(&self) -> Result<vault::SecretText, CommandError> {
        secret::read(
            self.passphrase_file.as_deref(),
            "Passphrase of the recovery kit: ",
        )
    }
}

impl RecoveryKit {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::of_enabled(&settings(common), PATIENT)?;
        let noted = match self {
            Self::Make(make) => {
                let file = make.passphrase.passphrase_file.as_deref();
                let passphrase = secret::read_new(file, "Passphrase for the recovery kit: ")?;
                kit::make(&site, &make.to, &passphrase)?
            }
            Self::Verify(verify) => kit::verify(&site, &verify.kit, &verify.passphrase.read()?)?,
        };
        show(common, &noted)
    }
}

fn show(common: &Common, noted: &Kit) -> Result<(), CommandError> {
    let verified = noted
        .verified_at
        .map_or_else(|| "never".to_owned(), |at| at.to_string());
    let pairs = [
        ("made", noted.made_at.to_string()),
        ("fingerprint", noted.fingerprint.clone()),
        ("verified", verified),
    ];
    let json = json!({
        "made_at": noted.made_at,
        "fingerprint": noted.fingerprint,
        "verified_at": noted.verified_at,
    });
    common.format().thing(&pairs, &json)
}
