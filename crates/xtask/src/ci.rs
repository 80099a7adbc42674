//! `cargo xtask ci`: everything that must hold before a change lands, the quick checks first and the tests last.

use anyhow::Result;
use testkit::install;

use crate::{deb, documents, layers, licences, program, test};

pub(crate) fn run() -> Result<()> {
    program::install(&[install::BUILD])?;
    program::run(program::cargo().args(["fmt", "--all", "--", "--check"]))?;
    layers::run()?;
    documents::run()?;
    licences::run()?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ];
    program::run(program::cargo().args(clippy))?;
    deb::run(&deb::DebArguments::of_tests())?;
    test::run(&test::TestArguments::whole())
}
