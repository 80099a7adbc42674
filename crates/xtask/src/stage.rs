//! The two builds of xtask: this one installs packages and hands over to itself with everything built in.
//!
//! Start at [`demo`]; a new command that drives servers is handed over the same way.

use anyhow::Result;
use clap::Args;

#[cfg(not(feature = "services"))]
use crate::program;
#[cfg(not(feature = "services"))]
use testkit::install;

/// What `cargo xtask demo` takes.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Remove what earlier runs left and begin anew
    #[arg(long)]
    pub(crate) fresh: bool,
}

#[cfg(feature = "services")]
pub(crate) fn demo(arguments: &DemoArguments) -> Result<()> {
    crate::demo::run(arguments)
}

#[cfg(not(feature = "services"))]
pub(crate) fn demo(_: &DemoArguments) -> Result<()> {
    hand_over(&[install::BUILD, install::DEMO])
}

/// Installs the packages, then becomes `xtask` with the feature `services` and the same arguments.
#[cfg(not(feature = "services"))]
fn hand_over(packages: &[&[&str]]) -> Result<()> {
    use std::os::unix::process::CommandExt;

    program::install(packages)?;
    let mut cargo = program::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "services",
        "--",
    ]);
    Err(cargo.args(std::env::args_os().skip(1)).exec().into())
}
