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
    /// Nothing but the verification of an export of the audit log with so many entries, beside sha256sum
    #[arg(long, value_name = "ENTRIES")]
    pub(crate) verify: Option<u64>,
    /// Nothing but backups of a cluster with so many megabytes, beside pgBackRest alone, pg_basebackup and cp; as root
    #[arg(long, value_name = "MEGABYTES")]
    pub(crate) backup: Option<u64>,
    /// Write the figures to this file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
}

/// What `cargo xtask bundle` does.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum BundleCommand {
    /// Sign the first root, or the next one; prints the text by which machines trust it
    Root(RootArguments),
    /// Make a bundle out of a folder of packages
    Make(Box<BundleArguments>),
}

/// What `cargo xtask bundle root` takes.
#[derive(Debug, Args)]
pub(crate) struct RootArguments {
    /// The roots until now; leave out for the first one
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
    /// A public key (PEM) that may sign the next root; at least two
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) root_key: Vec<PathBuf>,
    /// A public key (PEM) that may sign bundles; at least two
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) bundle_key: Vec<PathBuf>,
    /// How many of each must sign
    #[arg(long, default_value_t = 2, value_name = "NUMBER")]
    pub(crate) threshold: usize,
    /// For how many days it counts
    #[arg(long, default_value_t = 730)]
    pub(crate) days: i64,
    /// A private key (PEM, without a pass phrase) to sign with: of the root before and of this one
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) sign: Vec<PathBuf>,
    /// Where the roots with the new one go
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// What `cargo xtask bundle make` takes.
#[derive(Debug, Args)]
pub(crate) struct BundleArguments {
    /// The roots
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: PathBuf,
    /// The folder with every package (.deb), ours among them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) packages: PathBuf,
    /// Debian's release
    #[arg(long, default_value = "trixie")]
    pub(crate) release: String,
    /// Debian's architecture
    #[arg(long, default_value = "amd64")]
    pub(crate) architecture: String,
    /// The number of the bundle; each needs a higher one than the one before
    #[arg(long)]
    pub(crate) sequence: u64,
    /// The oldest version that it updates
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: String,
    /// For how many days it may be taken
    #[arg(long, default_value_t = 90)]
    pub(crate) days: i64,
    /// Debian's InRelease; its signature and time are checked, and it goes along as proof
    #[arg(long, value_name = "FILE", requires = "index")]
    pub(crate) in_release: Option<PathBuf>,
    /// A list (Packages, not packed) that InRelease vouches for; every package of others must stand in one
    #[arg(long, value_name = "FILE", requires = "in_release")]
    pub(crate) index: Vec<PathBuf>,
    /// Debian's keys
    #[arg(
        long,
        default_value = "/usr/share/keyrings/debian-archive-keyring.gpg",
        value_name = "FILE"
    )]
    pub(crate) keyring: PathBuf,
    /// The data of Debian's security tracker (JSON)
    #[arg(long, value_name = "FILE", requires = "data_as_of")]
    pub(crate) tracker: Option<PathBuf>,
    /// Advisories about crates in the form of OSV, one to a line
    #[arg(long, value_name = "FILE", requires = "data_as_of")]
    pub(crate) advisories: Option<PathBuf>,
    /// When both were fetched: 2026-11-20T12:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub(crate) data_as_of: Option<String>,
    /// The bill of materials (CycloneDX)
    #[arg(long, value_name = "FILE")]
    pub(crate) bill: Option<PathBuf>,
    /// What changed, for people
    #[arg(long, value_name = "FILE")]
    pub(crate) notes: Option<PathBuf>,
    /// A private key (PEM, without a pass phrase) to sign with; at least two
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) sign: Vec<PathBuf>,
    /// Where the bundle goes
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[cfg(feature = "services")]
pub(crate) fn bundle(command: &BundleCommand) -> Result<()> {
    crate::bundle::run(command)
}

#[cfg(not(feature = "services"))]
pub(crate) fn bundle(_: &BundleCommand) -> Result<()> {
    hand_over(&[install::BUILD], &[])
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
