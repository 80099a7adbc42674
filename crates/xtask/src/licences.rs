//! Licences, bans and sources of the dependencies, by cargo-deny and `deny.toml`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{program, tools};

/// Advisories are looked up only where somebody has put the database: it cannot be fetched from everywhere.
pub(crate) fn run() -> Result<()> {
    let mut checks = vec!["licenses", "bans", "sources"];
    if advisory_database().is_some_and(|folder| folder.exists()) {
        checks.push("advisories");
    } else {
        eprintln!("NOTE: advisories are not checked: there is no advisory database on this machine");
    }
    program::run(
        tools::deny()?
            .args(["--offline", "check", "--hide-inclusion-graph"])
            .args(checks),
    )
}

/// cargo-deny's own place, unless `deny.toml` says otherwise.
fn advisory_database() -> Option<PathBuf> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    Some(cargo_home.or(home)?.join("advisory-dbs"))
}
