//! What is wrong with the configuration: what, where, and what to do next.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, in characters; none where the file says nothing (a missing key).
    pub position: Option<(usize, usize)>,
    /// The key, dotted: `listen.https`; empty where no key is at fault.
    pub key: String,
}

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong. Never a secret.
    pub what: String,
    /// Where.
    pub place: Place,
    /// What to do next.
    pub advice: String,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}; make it, name another with --config, or look at its rights", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file says things that cannot be; at least one problem.
    #[error("{}", lines(.problems))]
    Invalid {
        /// What is wrong, in the order of the file's sections.
        problems: Vec<Problem>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if self.key.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.key)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.advice)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
