//! `strongroom audit export`

use super::super::Common;
use crate::{failure::CommandError, host, output::talk};
use clap::Args;
use platform::{Caller, ledger};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::BufWriter,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

#[derive(Debug, Args)]
pub(in crate::command) struct Export {
    /// The organization; everything if not given
    organization: Option<String>,
    /// The file, which must not be there
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The size of a checkpoint that the auditor kept, to be compared with: no part that is left out spans it
    #[arg(long, value_name = "SIZE")]
    cut: Vec<u64>,
}

impl Export {
    /// Nothing is left of a file that was not written whole.
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let failed = || CommandError::io(format!("cannot write {}", self.out.display()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.out);
        let file = file.map_err(failed())?;
        let written = host::with_platform(common.config.as_deref(), async |platform, _| {
            let sink = BufWriter::new(&file);
            let (exported, _) = ledger::export(
                platform,
                &Caller::host(),
                self.organization.as_deref(),
                &self.cut,
                sink,
            )
            .await?;
            Ok(exported)
        });
        let written = written.and_then(|exported| {
            file.sync_all().map_err(failed())?;
            Ok(exported)
        });
        if written.is_err()
            && let Err(error) = fs::remove_file(&self.out)
        {
            talk(&format!(
                "{} was not written whole, holds values in the clear and cannot be removed ({error}): remove it",
                self.out.display()
            ));
        }
        let exported = written?;
        if exported.missing > 0 {
            let missing = exported.missing;
            talk(&format!(
                "{missing} parts cannot be opened, and nothing explains it: run `strongroom audit check`"
            ));
        }
        let pairs = [
            ("leaves", exported.size.to_string()),
            ("shown", exported.shown.to_string()),
            ("images", exported.images.to_string()),
            ("gone, and explained", exported.gone.to_string()),
            ("missing", exported.missing.to_string()),
        ];
        common.format().thing(&pairs, &json!(exported))
    }
}
