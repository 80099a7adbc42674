//! The two builds of xtask: this one installs packages and hands over to itself with everything built in.
//!
//! Start at [`demo`]; a new command that drives servers is handed over the same way.

use std::path::PathBuf;

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
    /// Keep everything here; for a second demo, or where the usual folder's path is too long for a unix socket
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<std::path::PathBuf>,
}

/// What `cargo xtask screenshots` takes.
#[derive(Debug, Args)]
pub(crate) struct ScreenshotArguments {
    /// Take every page in light and dark, wide and narrow, into target/pictures instead, to look at
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) demo: DemoArguments,
}

/// What `cargo xtask bench` takes.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Invoices to load; 100,000 if not given
    #[arg(long)]
    pub(crate) rows: Option<u64>,
    /// Seconds of each round; 5 if not given
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// One short round with 10,000 invoices, to see that everything works
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only the operations whose name begins so, such as "read"; transfers are left out then
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Write the figures to this file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
}

#[cfg(feature = "services")]
pub(crate) fn bench(arguments: &BenchArguments) -> Result<()> {
    crate::bench::run(arguments)
}

/// The load generator shares the machine with what it measures, so it is optimised too.
#[cfg(not(feature = "services"))]
pub(crate) fn bench(_: &BenchArguments) -> Result<()> {
    hand_over(&[install::BUILD, install::DEMO], &["--release"])
}

#[cfg(feature = "services")]
pub(crate) fn demo(arguments: &DemoArguments) -> Result<()> {
    crate::demo::run(arguments)
}

#[cfg(not(feature = "services"))]
pub(crate) fn demo(_: &DemoArguments) -> Result<()> {
    hand_over(&[install::BUILD, install::DEMO], &[])
}

#[cfg(feature = "services")]
pub(crate) fn screenshots(arguments: &ScreenshotArguments) -> Result<()> {
    crate::demo::take_pictures(arguments)
}

#[cfg(not(feature = "services"))]
pub(crate) fn screenshots(_: &ScreenshotArguments) -> Result<()> {
    hand_over(&[install::BUILD, install::DEMO, install::TESTS], &[])
}

/// Installs the packages, then becomes `xtask` with the feature `services` and the same arguments.
#[cfg(not(feature = "services"))]
fn hand_over(packages: &[&[&str]], profile: &[&str]) -> Result<()> {
    use std::os::unix::process::CommandExt;

    program::install(packages)?;
    let mut cargo = program::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask", "--features", "services"]);
    cargo.args(profile).arg("--");
    Err(cargo.args(std::env::args_os().skip(1)).exec().into())
}
