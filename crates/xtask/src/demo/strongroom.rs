//! The operator's command line, as the demo runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use testkit::process;

/// The program with the demo's settings.
#[derive(Debug, Clone)]
pub(super) struct Strongroom {
    program: PathBuf,
    settings: PathBuf,
}

impl Strongroom {
    pub(super) fn new(program: &Path, settings: &Path) -> Self {
        Self {
            program: program.to_owned(),
            settings: settings.to_owned(),
        }
    }

    /// Runs a command; its failure carries what it said.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings).args(arguments);
        process::run(&mut command).map(drop)
    }
}
