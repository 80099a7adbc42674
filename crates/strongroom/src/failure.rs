//! Why a command did not do what was asked, as a person reads it, and the exit code that a script reads.

use crate::{client::problem::Problem, output};
use config::{ConfigError, SecretError};
use platform::PlatformError;
use std::{error::Error, io, process::ExitCode};
use types::ProblemCode;

/// The documented exit codes but 0 and 2 (README.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Refused or failed.
    Failed = 1,
    /// Wrong usage, found after the arguments were read.
    Usage = 2,
    /// The server or the database cannot be reached.
    Unreachable = 3,
    /// There is no such thing.
    NotFound = 4,
    /// Not signed in, or not allowed.
    NotAllowed = 5,
    /// The thing changed meanwhile, or the name is taken.
    Conflict = 6,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A use case refused.
    #[error("{}", refusal(.0))]
    Platform(#[from] PlatformError),
    /// The server refused.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The operating system refused.
    #[error("{what}")]
    Io {
        /// What was tried, on which thing.
        what: String,
        /// What it answered.
        #[source]
        source: io::Error,
    },
    /// A file or folder of the machine is not as it should be.
    #[error(transparent)]
    Write(#[from] ::host::write::WriteError),
    /// A program of the machine failed.
    #[error(transparent)]
    Run(#[from] ::host::run::RunError),
    /// PostgreSQL's clusters.
    #[error(transparent)]
    Cluster(#[from] ::host::postgresql::ClusterError),
    /// A backup, or a look at one.
    #[error(transparent)]
    Backup(#[from] ::host::backup::BackupError),
    /// A device that is not blank.
    #[error(transparent)]
    Blank(#[from] ::host::blank::BlankError),
    /// A folder was not copied, compared or emptied.
    #[error(transparent)]
    Tree(#[from] ::host::tree::TreeError),
    /// A bundle of updates was refused.
    #[error(transparent)]
    Refusal(#[from] updates::refusal::Refusal),
    /// A bundle of updates was not taken.
    #[error(transparent)]
    Import(#[from] updates::shelf::ImportError),
    /// The record of updates.
    #[error(transparent)]
    Record(#[from] updates::record::RecordError),
    /// The root helper.
    #[error(transparent)]
    Helper(#[from] ::host::helper::HelperError),
    /// The record of updates.
    #[error(transparent)]
    Updates(#[from] ::host::updates::RecordError),
    /// A target on another machine.
    #[error(transparent)]
    Outgoing(#[from] ::host::outgoing::OutgoingError),
    /// OpenSSL refused.
    #[error("{what}")]
    Tls {
        /// What was tried.
        what: String,
        /// What it answered.
        #[source]
        source: openssl::error::ErrorStack,
    },
    /// Something else, in a sentence.
    #[error("{text}")]
    Said {
        /// The exit code.
        exit: Exit,
        /// The sentence.
        text: String,
    },
    /// Whoever read our stdout has gone.
    #[error("nobody reads the output")]
    PipeClosed,
}

/// A failure with its causes, in one line.
pub(crate) fn told(error: &CommandError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(beneath) = cause {
        let line = beneath.to_string();
        if !text.contains(&line) {
            text.push_str(&format!(" ({line})"));
        }
        cause = beneath.source();
    }
    text
}

impl CommandError {
    /// A failure in a sentence: what, on which thing, what to do next.
    pub(crate) fn said(exit: Exit, text: impl Into<String>) -> Self {
        Self::Said {
            exit,
            text: text.into(),
        }
    }

    /// A failure of the operating system.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// A failure of OpenSSL.
    pub(crate) fn tls(what: impl Into<String>) -> impl FnOnce(openssl::error::ErrorStack) -> Self {
        let what = what.into();
        move |source| Self::Tls { what, source }
    }

    pub(crate) fn stdout(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Self::PipeClosed;
        }
        Self::Io {
            what: "cannot write to the standard output".to_owned(),
            source,
        }
    }

    /// Says on stderr what happened, with the causes beneath.
    pub(crate) fn report(&self) {
        if matches!(self, Self::PipeClosed) {
            return;
        }
        let mut text = format!("error: {self}");
        let mut cause = self.source();
        while let Some(beneath) = cause {
            let line = beneath.to_string();
            // Transparent wrappers repeat their source.
            if !text.contains(&line) {
                text.push_str("\n  because: ");
                text.push_str(&line);
            }
            cause = beneath.source();
        }
        output::talk(&text);
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.exit() {
            Some(exit) => ExitCode::from(exit as u8),
            None => ExitCode::SUCCESS,
        }
    }

    fn exit(&self) -> Option<Exit> {
        match self {
            Self::Platform(error) => Some(Exit::of(error.code.as_str())),
            Self::Refused(problem) => Some(Exit::of(&problem.code)),
            Self::Config(_)
            | Self::Secret(_)
            | Self::Io { .. }
            | Self::Write(_)
            | Self::Run(_)
            | Self::Cluster(_)
            | Self::Backup(_)
            | Self::Blank(_)
            | Self::Tree(_)
            | Self::Refusal(_)
            | Self::Import(_)
            | Self::Record(_)
            | Self::Updates(_)
            | Self::Outgoing(_)
            | Self::Tls { .. } => Some(Exit::Failed),
            Self::Helper(error) => Some(of_helper(error)),
            Self::Said { exit, .. } => Some(*exit),
            Self::PipeClosed => None,
        }
    }
}

fn of_helper(error: &::host::helper::HelperError) -> Exit {
    use ::host::helper::HelperError;
    match error {
        HelperError::Absent { .. } | HelperError::Silent(_) => Exit::Unreachable,
        HelperError::NotAllowed { .. } => Exit::NotAllowed,
        HelperError::Refused { .. } => Exit::Conflict,
        HelperError::Failed { .. } | HelperError::Garbled { .. } => Exit::Failed,
    }
}

impl Exit {
    /// For a problem's stable code, whether it came from a use case here or in an answer of the server.
    pub(crate) fn of(code: &str) -> Self {
        let is = |wanted: ProblemCode| wanted.as_str() == code;
        if is(ProblemCode::Unavailable) || is(ProblemCode::Timeout) {
            Self::Unreachable
        } else if is(ProblemCode::NotFound) {
            Self::NotFound
        } else if is(ProblemCode::NotSignedIn) || is(ProblemCode::NotAllowed) || is(ProblemCode::Cancelled) {
            Self::NotAllowed
        } else if is(ProblemCode::Conflict) || is(ProblemCode::Taken) || is(ProblemCode::Stale) {
            Self::Conflict
        } else {
            Self::Failed
        }
    }
}

fn refusal(error: &PlatformError) -> String {
    let mut text = error.detail.clone();
    for problem in error.errors.iter().filter(|_| error.errors.len() > 1) {
        text.push_str(&format!("\n  {}: {}", problem.pointer, problem.message));
    }
    text
}
