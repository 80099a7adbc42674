//! Running the program and looking at what it says.

use std::path::Path;
use std::process::{Command, Output};

/// The program with a clean environment: nothing of the developer's own settings comes in.
pub(crate) fn strongroom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.env_clear();
    command
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) data: String,
    pub(crate) talk: String,
}

/// Runs it to its end.
pub(crate) fn run(config: Option<&Path>, arguments: &[&str]) -> Said {
    let mut command = strongroom();
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.args(arguments);
    said(command)
}

/// Runs a program to its end.
pub(crate) fn said(mut command: Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Said {
        code: status.code(),
        data: String::from_utf8(stdout).unwrap(),
        talk: String::from_utf8(stderr).unwrap(),
    }
}

impl Said {
    /// The data of a run that went well.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "it failed: {}", self.talk);
        self.data
    }
}
