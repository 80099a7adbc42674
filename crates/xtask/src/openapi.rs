//! The API's OpenAPI document: written from the code by the program itself, kept in the checkout for readers and diffs.

use std::fs;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::program;

const DOCUMENT: &str = "docs/openapi.json";

/// What `cargo xtask openapi` takes.
#[derive(Debug, Args)]
pub(crate) struct OpenapiArguments {
    /// Change nothing; fail when the written document is not what the code says
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &OpenapiArguments) -> Result<()> {
    let output = program::cargo()
        .args(["run", "--quiet", "--package", "strongroom", "--", "openapi"])
        .output()?;
    ensure!(
        output.status.success(),
        "strongroom openapi failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = program::root().join(DOCUMENT);
    if arguments.check {
        let written = fs::read(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
        ensure!(
            written == output.stdout,
            "{DOCUMENT} is out of date; run `cargo xtask openapi`"
        );
        return Ok(());
    }
    fs::write(&path, output.stdout).with_context(|| format!("cannot write {DOCUMENT}"))
}
