//! `cargo xtask deb`: the Debian package, built by debhelper out of `debian/` in a staged copy under `target/deb`.
//!
//! Invariant: the checkout is left as it was, and nothing but crates that are missing comes over the network. Start
//! at [`build`].

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use testkit::install;

use crate::{program, tools};

mod bill;
mod check;
mod embedded;
mod keyring;
mod licences;
mod staging;
pub(crate) mod versions;

/// The packages of cargo whose programs are packed.
const PROGRAMS: &[&str] = &["strongroom", "strongroom-hostd"];
/// The program for auditors, which has a package of its own.
const VERIFIER: &str = "strongroom-verify";

/// What `cargo xtask deb` takes.
#[derive(Debug, Args)]
pub(crate) struct DebArguments {
    /// `release` is for customers; `dev` packs the debug build in seconds, for tests
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
    /// Build the package a second time elsewhere and compare, and run lintian
    #[arg(long)]
    check: bool,
    /// The public key of the repository, binary or armoured: builds strongroom-archive-keyring as well
    #[arg(long, value_name = "FILE")]
    archive_key: Option<PathBuf>,
}

impl DebArguments {
    /// The package of the tests, checked.
    pub(crate) fn of_tests() -> Self {
        Self {
            profile: Profile::Dev,
            check: true,
            archive_key: None,
        }
    }
}

/// What `cargo xtask bill` takes; `debian/rules` calls it when nobody has written the bill yet.
#[derive(Debug, Args)]
pub(crate) struct BillArguments {
    folder: PathBuf,
}

/// How the program in the package is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The debug build that tests have made already, packed quickly.
    Dev,
    /// Optimised, packed small, the debug symbols in a package of their own.
    Release,
}

pub(crate) fn run(arguments: &DebArguments) -> Result<()> {
    program::install(&[install::BUILD, install::PACKAGE])?;
    let key = arguments.archive_key.as_deref();
    let key = key.map(keyring::read).transpose()?;
    let package = build_with(arguments.profile, key.as_deref())?;
    let verifier = staging::verifier(&folder(arguments.profile))?;
    let keyring = keyring::package(&folder(arguments.profile), key.is_some())?;
    if arguments.check {
        check::reproducible(arguments.profile, &[&package, &verifier])?;
        for package in [Some(&package), Some(&verifier), keyring.as_ref()]
            .into_iter()
            .flatten()
        {
            check::lintian(package)?;
        }
    }
    println!("{}\n{}", package.display(), verifier.display());
    match keyring {
        Some(keyring) => println!("{}", keyring.display()),
        None => eprintln!(
            "deb: no key of a repository was given (--archive-key), so no keyring package was built"
        ),
    }
    Ok(())
}

pub(crate) fn bill(arguments: &BillArguments) -> Result<()> {
    bill::write(&arguments.folder)
}

/// Builds program and package, and gives the package's path.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    build_with(profile, None)
}

/// The same, and the keyring package where there is a key for it.
fn build_with(profile: Profile, key: Option<&[u8]>) -> Result<PathBuf> {
    versions::check()?;
    let programs = compile(profile)?;
    let package = pack(profile, &programs, &folder(profile), key)?;
    if profile == Profile::Release {
        embedded::check(&package, PROGRAMS, &bill::components()?)?;
    }
    Ok(package)
}

/// Builds the package in `folder` out of programs that are there.
fn pack(profile: Profile, programs: &Path, folder: &Path, key: Option<&[u8]>) -> Result<PathBuf> {
    let source = staging::prepare(folder)?;
    if let Some(key) = key {
        keyring::stage(&source, key)?;
    }
    bill::write(&source.join("debian/generated/bill"))?;
    let mut dpkg = Command::new("dpkg-buildpackage");
    // What stands in our environment is not to decide what stands in the package.
    dpkg.env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("STRONGROOM_PROGRAMS", programs)
        .args(["--build=binary", "--no-sign", "--no-pre-clean"])
        .current_dir(&source);
    if profile == Profile::Dev {
        dpkg.env("COMPRESSION", "gzip -z1")
            .env("DEB_BUILD_OPTIONS", "noautodbgsym");
    }
    let output = dpkg.output().context("cannot start dpkg-buildpackage")?;
    ensure!(
        output.status.success(),
        "dpkg-buildpackage failed ({}) in {}:\n{}{}",
        output.status,
        source.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    staging::package(folder)
}

/// The folder with the built programs.
fn compile(profile: Profile) -> Result<PathBuf> {
    match profile {
        // The very build that the tests use: another selection of packages would compile the dependencies once more.
        Profile::Dev => {
            let mut cargo = program::cargo();
            program::run(cargo.args(["build", "--workspace", "--all-targets", "--quiet"]))?;
        }
        // With the list of its components in each program.
        Profile::Release => {
            let mut cargo = tools::auditable()?;
            cargo
                .args(["build", "--release", "--locked"])
                .args(PROGRAMS.iter().map(|program| format!("--package={program}")))
                .env("RUSTFLAGS", nameless_paths());
            program::run(&mut cargo)?;
            compile_verifier()?;
        }
    }
    let name = if profile == Profile::Dev {
        "debug"
    } else {
        "release"
    };
    Ok(program::target().join(name))
}

/// One file that runs on any Linux: with Debian's libcrypto and libc inside (docs/adr/0039-the-verifier-is-one-static-file.md).
fn compile_verifier() -> Result<()> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = tools::auditable()?;
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            VERIFIER,
            "--target",
            &target,
        ])
        .env("OPENSSL_STATIC", "1")
        .env("RUSTFLAGS", nameless_paths() + " -C target-feature=+crt-static");
    program::run(&mut cargo)?;
    let built = program::target().join(target).join("release").join(VERIFIER);
    let beside = program::target().join("release").join(VERIFIER);
    std::fs::copy(&built, &beside).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(())
}

/// Panics name their source file: the same text wherever the checkout and cargo's folder lie.
fn nameless_paths() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cargo"))
    });
    let mut flags = format!("--remap-path-prefix={}=/strongroom", program::root().display());
    if let Some(home) = home {
        flags.push_str(&format!(" --remap-path-prefix={}=/cargo", home.display()));
    }
    flags
}

/// Where a profile's packages are built.
fn folder(profile: Profile) -> PathBuf {
    let name = if profile == Profile::Dev { "dev" } else { "release" };
    program::target().join("deb").join(name)
}
