//! Licences, bans and sources of the dependencies, by cargo-deny and `deny.toml`.

use anyhow::Result;

use crate::{program, tools};

/// Advisories are another matter: their database comes over the network, which not every machine has.
pub(crate) fn run() -> Result<()> {
    eprintln!(
        "NOTE: advisories are not checked here; where there is a network, run `cargo deny check advisories`"
    );
    program::run(tools::deny()?.args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]))
}
