//! `cargo xtask test`: installs what the tests need, runs them all, and ends with the runner's summary.
//!
//! Order: documentation examples, then the crates that speak SQL on PostgreSQL 17, then the package, then everything on
//! Debian's PostgreSQL, so that the whole run's summary stands last, and silently a look whether each act was entered. A failure does not keep the later runs from running.

use std::{env, fs, io::ErrorKind};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use nix::unistd::Uid;
use testkit::cluster::{Binaries, shared};
use testkit::{install, machine};

use crate::fuzz::{self, FuzzArguments};
use crate::{deb, image, postgresql, program, tools};

/// What runs a second time on the other PostgreSQL.
const SQL_TESTS: &str = "package(strongroom-store) | package(strongroom-platform)";

/// What is left out where no test machine can run.
const WITHOUT_MACHINES: &str = "not (package(strongroom-tests) & test(/(^|::)machine::/))";

/// Whether each act of the platform's list was entered by one of the tests before.
const ACTS: &str =
    "package(strongroom-platform) & test(=acts::every_act_of_the_catalogue_was_entered_by_some_test)";

/// What `cargo xtask test` takes.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The long tests too
    #[arg(long)]
    all: bool,
    /// Only tests whose name holds one of these
    filters: Vec<String>,
}

impl TestArguments {
    /// Everything that runs before a change lands.
    pub(crate) fn whole() -> Self {
        Self {
            all: false,
            filters: Vec::new(),
        }
    }
}

pub(crate) fn run(arguments: &TestArguments) -> Result<()> {
    program::install(&[
        install::BUILD,
        install::DEMO,
        install::TESTS,
        install::DIRECTORIES,
        install::PACKAGE,
        install::REPOSITORY,
    ])?;
    if !postgresql::has_npm() {
        program::install(&[install::PROVIDER])?;
    }
    let mut failures = Vec::new();
    if arguments.filters.is_empty() {
        failures.extend(forget_acts().err());
        failures.extend(examples().err());
        failures.extend(other_postgresql(arguments).err());
    }
    if arguments.all {
        failures.extend(fuzz::run(&FuzzArguments::default()).err());
    }
    // Its tests look at the package and not at the program.
    let package = deb::build(deb::Profile::Dev);
    if arguments.all
        && let Ok(package) = &package
        && machines().is_ok()
    {
        failures.extend(image::build(package).err());
    }
    failures.extend(package.err());
    failures.extend(everything(arguments).err());
    if arguments.filters.is_empty() {
        failures.extend(acts().err());
    }
    let stopped = shared::stop_unused();
    if failures.is_empty() {
        return stopped;
    }
    let failures: Vec<String> = failures.iter().map(|failure| format!("{failure:#}")).collect();
    bail!("{}", failures.join("\n"))
}

fn examples() -> Result<()> {
    program::run(program::cargo().args(["test", "--doc", "--workspace", "--quiet"]))
}

/// The package selection is a filter and not `--package`, which would compile the dependencies once more with fewer
/// features.
fn other_postgresql(arguments: &TestArguments) -> Result<()> {
    if Binaries::newest()?.major() == postgresql::OTHER_MAJOR {
        return Ok(());
    }
    postgresql::ensure_other()?;
    let mut nextest = tools::nextest()?;
    nextest.args(["run", "--workspace", "--no-tests=pass", "--filterset", SQL_TESTS]);
    nextest
        .args(profile(arguments))
        .env("STRONGROOM_TEST_PG", postgresql::OTHER_MAJOR.to_string());
    program::run(&mut nextest)
}

fn everything(arguments: &TestArguments) -> Result<()> {
    let mut nextest = tools::nextest()?;
    nextest
        .args(["run", "--workspace"])
        .args(profile(arguments))
        .args(&arguments.filters);
    if let Err(reason) = machines() {
        eprintln!("NOTE: the tests on whole machines are left out: {reason:#}");
        nextest.args(["--filterset", WITHOUT_MACHINES]);
    }
    program::run(&mut nextest)
}

/// Forgets which acts earlier runs entered; `testkit::acts` writes them beside what is built.
fn forget_acts() -> Result<()> {
    let program = env::current_exe()?;
    let target = program
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file());
    let acts = target
        .context("this program lies in no target folder")?
        .join("acts");
    match fs::remove_dir_all(&acts) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot empty {}", acts.display()))
        }
        _ => Ok(()),
    }
}

/// Its own summary is kept back: the whole run's stands last.
fn acts() -> Result<()> {
    let mut nextest = tools::nextest()?;
    nextest.args(["run", "--workspace", "--run-ignored", "only", "--filterset", ACTS]);
    let output = nextest.output().context("cannot look which acts were entered")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let missing = said.lines().find(|line| line.contains("no test enters"));
    ensure!(
        output.status.success(),
        "not every act was entered: {}",
        missing.map_or(said.trim(), str::trim)
    );
    Ok(())
}

/// Installs what test machines need, where they can run at all.
fn machines() -> Result<()> {
    if Uid::effective().is_root() {
        program::install(&[install::MACHINES])?;
    }
    machine::check_possible()
}

fn profile(arguments: &TestArguments) -> &'static [&'static str] {
    if arguments.all { &["--profile", "all"] } else { &[] }
}
