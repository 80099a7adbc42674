//! `strongroom man`

use super::Arguments;
use crate::failure::CommandError;
use clap::CommandFactory;
use std::{fs, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// The folder; made if it is not there
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(&self) -> Result<(), CommandError> {
        let cannot = || CommandError::io(format!("cannot write manual pages into {}", self.dir.display()));
        fs::create_dir_all(&self.dir).map_err(cannot())?;
        clap_mangen::generate_to(Arguments::command(), &self.dir).map_err(cannot())
    }
}
