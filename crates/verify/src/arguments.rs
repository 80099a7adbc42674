//! What the program is told.

use clap::Parser;
use std::path::{Path, PathBuf};

/// Check an export of Strongroom's audit log, or the receipt of one entry, offline
///
/// Says apart whether what the export shows is what was committed to (integrity) and whether anything is left out
/// (completeness), and names the first bad entry. Needs no network and no database, and trusts nobody but the keys in
/// the policy.
///
/// Exit codes: 0 verified; 1 false: something was changed or is left out; 2 cannot tell: wrong usage, a file that
/// cannot be read, or a check that could not be made.
#[derive(Debug, Parser)]
#[command(name = "strongroom-verify", version, max_term_width = 110)]
pub(crate) struct Arguments {
    /// The export; `-` for standard input
    #[arg(value_name = "EXPORT", required_unless_present_any = ["man", "receipt", "rotation"])]
    export: Option<PathBuf>,
    /// A receipt of one entry that you kept: with EXPORT, it must show that very leaf; alone, says as what it stands in the log
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// What you trust: the policy file that you were handed at set-up, never one that came with the export
    #[arg(long, value_name = "FILE", required_unless_present = "man")]
    policy: Option<PathBuf>,
    /// The announcement of a new key of the log, several in their order: what the key in your policy has signed leads to the next one.
    /// Alone, prints the policy that yours becomes
    #[arg(long, value_name = "ANNOUNCEMENT")]
    pub(crate) rotation: Vec<PathBuf>,
    /// A signed checkpoint that you kept from an earlier visit: the log must continue it
    #[arg(long, value_name = "CHECKPOINT", requires = "export")]
    pub(crate) since: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// No progress on standard error
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the manual page
    #[arg(long, hide = true)]
    man: bool,
}

/// How the report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    /// A verification.
    Verify {
        /// The export.
        export: &'a Path,
        /// A receipt that it is compared with.
        receipt: Option<&'a Path>,
        /// What is trusted.
        policy: &'a Path,
    },
    /// The check of one receipt.
    Receipt {
        /// The receipt.
        receipt: &'a Path,
        /// What is trusted.
        policy: &'a Path,
    },
    /// The policy that follows from announcements alone.
    Rotation {
        /// What was trusted.
        policy: &'a Path,
    },
    /// The manual page.
    Manual,
}

impl Arguments {
    /// What is asked for: without the manual page, its files are there.
    pub(crate) fn request(&self) -> Request<'_> {
        match (&self.export, &self.receipt, &self.policy) {
            _ if self.man => Request::Manual,
            (Some(export), receipt, Some(policy)) => Request::Verify {
                export,
                receipt: receipt.as_deref(),
                policy,
            },
            (None, Some(receipt), Some(policy)) => Request::Receipt { receipt, policy },
            (None, None, Some(policy)) => Request::Rotation { policy },
            (_, _, None) => Request::Manual,
        }
    }

    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}
