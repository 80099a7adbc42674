//! `cargo xtask repository`: a signed apt repository out of package files.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use testkit::install;
use testkit::repository::{self, Validity};

use crate::program;

/// What `cargo xtask repository` takes.
#[derive(Debug, Args)]
pub(crate) struct RepositoryArguments {
    /// The secret key that signs the index, armoured, without a passphrase; keep it off machines with a network
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A package; name the version before as well, so that machines can go back to it
    #[arg(long = "deb", value_name = "FILE", required = true)]
    packages: Vec<PathBuf>,
    /// Where the repository is written
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// After so many days machines refuse the index: sign it anew before
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    valid_days: u32,
}

pub(crate) fn run(arguments: &RepositoryArguments) -> Result<()> {
    ensure!(
        (1..=90).contains(&arguments.valid_days),
        "an index is valid for 1 to 90 days: one that never ends can be shown to machines for ever"
    );
    program::install(&[install::REPOSITORY])?;
    fs::create_dir_all(&arguments.out)?;
    let validity = Validity {
        from: "now",
        until: &format!("+{} days", arguments.valid_days),
    };
    repository::write(&arguments.out, &arguments.packages, &arguments.key, validity)?;
    println!("{}", arguments.out.display());
    Ok(())
}
