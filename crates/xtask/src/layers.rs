//! The order of the crates and the four firewalls (docs/ARCHITECTURE.md), from `cargo metadata` and the sources.
//!
//! 1. The faces never use `store` directly.
//! 2. Only the crates that are there for it start processes.
//! 3. Only `config` reads the environment.
//! 4. `types`, `audit`, `access`, `promises` and `syslog` do no I/O.

use anyhow::{Result, bail};

use crate::workspace::Workspace;

mod edges;
mod source;
mod uses;

/// Prints each violation with its reason.
pub(crate) fn run() -> Result<()> {
    let workspace = Workspace::read()?;
    let mut violations = Vec::new();
    for package in &workspace.packages {
        violations.extend(edges::check(package));
        // A package of tests only has none.
        if !package.folder().join("src").exists() {
            continue;
        }
        for file in source::files(&package.folder().join("src"))? {
            let text = std::fs::read_to_string(&file)?;
            let found = source::check(package.name(), &text);
            violations.extend(
                found
                    .into_iter()
                    .map(|violation| format!("{}: {violation}", file.display())),
            );
        }
    }
    if violations.is_empty() {
        eprintln!(
            "layers: {} crates keep their order and the firewalls",
            workspace.packages.len()
        );
        return Ok(());
    }
    bail!(
        "{} violations of the layers:\n{}",
        violations.len(),
        violations.join("\n")
    )
}
