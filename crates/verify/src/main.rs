#![doc = include_str!("../README.md")]

mod arguments;
mod inputs;
mod output;
mod parallel;
mod progress;
mod receipt;
mod rotation;

use arguments::{Arguments, Format, Request};
use clap::Parser;
use inputs::InputError;
use std::path::Path;
use std::process::ExitCode;

/// Wrong usage, unreadable files, or a check that could not be made.
const CANNOT_TELL: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let checked = match arguments.request() {
        Request::Verify {
            export,
            receipt,
            policy,
        } => verify(&arguments, export, receipt, policy),
        Request::Receipt { receipt, policy } => receipt::check(receipt, policy, &arguments),
        Request::Rotation { policy } => rotation::follow(policy, &arguments),
        Request::Manual => return output::manual(),
    };
    match checked {
        Ok(code) => code,
        Err(error) => {
            output::failure(&error);
            ExitCode::from(CANNOT_TELL)
        }
    }
}

fn verify(
    arguments: &Arguments,
    export: &Path,
    receipt: Option<&Path>,
    policy: &Path,
) -> Result<ExitCode, InputError> {
    let (trusted, followed) = inputs::trusted(policy, &arguments.rotation)?;
    let since = arguments.since.as_deref();
    let since = since.map(|file| inputs::since(file, &trusted)).transpose()?;
    let held = receipt.map(|file| inputs::held(file, &trusted)).transpose()?;
    let (source, bytes) = inputs::export(export)?;
    let progress = progress::Progress::begin(bytes, arguments.quiet);
    let trust = parallel::Trust {
        trusted: &trusted,
        followed: &followed,
        since: since.as_ref(),
        held,
    };
    let report = parallel::verify(source, trust, &progress);
    progress.end();
    let report = report.map_err(|source| InputError::read(export, source))?;
    let shown = match arguments.format() {
        Format::Text => output::text(&report),
        Format::Json => output::json(&report),
    };
    if !shown {
        return Ok(ExitCode::from(CANNOT_TELL));
    }
    Ok(match (report.holds(), report.is_broken()) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(CANNOT_TELL),
    })
}
