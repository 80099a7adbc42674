//! The command line, as the demo runs it: with the appliance's settings on the host, with a person's as a member.

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

    /// Runs a command and gives its data; its failure carries what it said.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings).args(arguments);
        let output = process::run(&mut command)?;
        Ok(String::from_utf8(output.stdout)?)
    }
}
