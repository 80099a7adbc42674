//! cargo's helpers that the toolchain does not bring: used when present, otherwise built once.
//!
//! They are kept beside the test cluster, not under `target/`, so that a fresh clone finds them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Result;
use testkit::state::state_folder;

use crate::program;

/// `cargo nextest`, ready for its arguments.
pub(crate) fn nextest() -> Result<Command> {
    cargo_tool("nextest", &[])
}

/// `cargo deny`, ready for its arguments. Without its default features it cannot fetch anything, which it need not.
pub(crate) fn deny() -> Result<Command> {
    cargo_tool("deny", &["--no-default-features"])
}

/// `cargo auditable`, ready for its arguments.
pub(crate) fn auditable() -> Result<Command> {
    cargo_tool("auditable", &[])
}

/// The tool is run by its own name with its subcommand first, as cargo would run it.
fn cargo_tool(name: &str, options: &[&str]) -> Result<Command> {
    let program = format!("cargo-{name}");
    let kept = state_folder()?.join("tools").join("bin").join(&program);
    let found = [PathBuf::from(&program), kept.clone()]
        .into_iter()
        .find(|path| works(path, name));
    let path = match found {
        Some(path) => path,
        None => {
            build(&program, options)?;
            kept
        }
    };
    let mut command = Command::new(path);
    command.arg(name).current_dir(program::root());
    Ok(command)
}

/// Not optimised: it is built in a third of the time and runs for seconds.
fn build(program: &str, options: &[&str]) -> Result<()> {
    eprintln!("+ {program} is not here; building it takes some minutes, once");
    let root = state_folder()?.join("tools");
    let mut cargo = program::cargo();
    // From a folder of its own: our build settings are not meant for it.
    cargo
        .current_dir(state_folder()?)
        .args(["install", program, "--locked", "--debug", "--quiet"]);
    program::run(cargo.args(options).arg("--root").arg(root))
}

fn works(path: &PathBuf, name: &str) -> bool {
    let mut command = Command::new(path);
    command
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
