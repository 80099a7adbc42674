//! `cargo xtask fuzz`: the targets in `fuzz/`, each for a while, led by what of our code an input reaches (libFuzzer).
//!
//! No other toolchain is needed: coverage is a pass of LLVM, which the compiler at hand has as well. No sanitizer either:
//! the workspace forbids `unsafe`, and overflows and failed assertions panic in these builds. What was found interesting
//! lies in `target/fuzz/corpus` and is where the next run begins; an input that fails is written to `target/fuzz/failed`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use testkit::install;

use crate::program;

/// As cargo-fuzz builds, less the sanitizer.
const FLAGS: &str = "--cfg=fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks";
/// Beyond it an input is a failure.
const MEMORY_MIB_MAX: u32 = 1024;
/// Beyond it an input is a failure: no parser of ours works for so long.
const INPUT_SECONDS_MAX: u32 = 10;
/// Longer ones than the caps of what is parsed.
const INPUT_BYTES_MAX: u32 = 200_000;
/// Real inputs to begin with, where there are some.
const SEEDS: &[(&str, &str)] = &[
    ("exports", "crates/audit/vectors"),
    ("texts", "crates/audit/vectors"),
];

/// What `cargo xtask fuzz` takes.
#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u32,
    /// The targets; all in `fuzz/fuzz_targets` if none is named
    pub(crate) targets: Vec<String>,
}

impl Default for FuzzArguments {
    /// A minute for every target.
    fn default() -> Self {
        Self {
            seconds: 60,
            targets: Vec::new(),
        }
    }
}

pub(crate) fn run(arguments: &FuzzArguments) -> Result<()> {
    program::install(&[install::BUILD])?;
    let known = targets()?;
    for target in &arguments.targets {
        ensure!(
            known.contains(target),
            "there is no target {target}; there are {}",
            known.join(", ")
        );
    }
    let programs = build()?;
    let chosen = match arguments.targets.is_empty() {
        true => &known,
        false => &arguments.targets,
    };
    for target in chosen {
        fuzz(&programs.join(target), target, arguments.seconds)?;
    }
    Ok(())
}

/// The names of the files in `fuzz/fuzz_targets`, in order.
fn targets() -> Result<Vec<String>> {
    let folder = program::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("rs")) {
            names.extend(path.file_stem().and_then(OsStr::to_str).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all targets and gives the folder with their programs.
fn build() -> Result<PathBuf> {
    // Named, so that the flags are not for what runs while it is built.
    let machine = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let folder = program::target().join("fuzz");
    let mut cargo = program::cargo();
    cargo
        .args([
            "build",
            "--release",
            "--bins",
            "--manifest-path",
            "fuzz/Cargo.toml",
        ])
        .args(["--target", &machine, "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", FLAGS);
    program::run(&mut cargo)?;
    Ok(folder.join(machine).join("release"))
}

fn fuzz(file: &Path, target: &str, seconds: u32) -> Result<()> {
    let folder = program::target().join("fuzz");
    let corpus = folder.join("corpus").join(target);
    let failed = folder.join("failed");
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&failed)?;
    let mut command = Command::new(file);
    command.arg(&corpus);
    for (_, seeds) in SEEDS.iter().filter(|(name, _)| *name == target) {
        command.arg(program::root().join(seeds));
    }
    command
        .arg(format!("-artifact_prefix={}/{target}-", failed.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .args(["-print_final_stats=1", "-verbosity=0"]);
    program::run(&mut command)
        .with_context(|| format!("{target} has an input that fails, in {}", failed.display()))
}
