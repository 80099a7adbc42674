//! The check of a receipt: one entry, proven to stand in the log without showing any other.
//!
//! Invariant: the number that is told is the leaf's own, and told only when the proof leads to a root that the policy accepts. It is
//! what an organization's export is compared with: by index and leaf hash, since two leaves can bear one number.

use crate::{
    CANNOT_TELL,
    arguments::{Arguments, Format},
    inputs::{self, InputError},
    output,
};
use audit::{Leaf, policy::Trusted, verify::uuid};
use serde_json::json;
use std::{fmt::Write as _, path::Path, process::ExitCode};

/// Checks a receipt, and says what it proves.
///
/// # Errors
/// A file cannot be read, or is not what it should be.
pub(crate) fn check(receipt: &Path, policy: &Path, arguments: &Arguments) -> Result<ExitCode, InputError> {
    let (trusted, _) = inputs::trusted(policy, &arguments.rotation)?;
    let receipt = inputs::receipt(receipt)?;
    let checked = receipt.check(trusted.of_note(&receipt.checkpoint));
    let shown = match (&checked, arguments.format()) {
        (Ok((leaf, trusted)), Format::Text) => text(receipt.index, leaf, trusted),
        (Ok((leaf, trusted)), Format::Json) => json(receipt.index, leaf, trusted),
        (Err(error), Format::Text) => format!("FALSE\n  receipt       {}\n", output::chain(error)),
        (Err(error), Format::Json) => format!(
            "{:#}\n",
            json!({"verdict": "false", "reason": output::chain(error)})
        ),
    };
    Ok(match (output::print(&shown), checked.is_ok()) {
        (false, _) => ExitCode::from(CANNOT_TELL),
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::FAILURE,
    })
}

fn text(index: u64, leaf: &Leaf, trusted: &Trusted) -> String {
    let checkpoint = &trusted.checkpoint;
    let mut text = format!(
        "VERIFIED\n  receipt       leaf {index} of {}, in its checkpoint of {} leaves\n",
        checkpoint.origin, checkpoint.size
    );
    let mut line = |name: &str, value: String| writeln!(text, "  {name:<13} {value}").is_ok();
    line("organization", uuid(&leaf.organization_tag));
    line("number", leaf.organization_sequence.to_string());
    line("logged", output::second(leaf.time_ms / 1_000));
    line("leaf hash", leaf.hash().to_string());
    line("header", leaf.header.to_string());
    line("root", checkpoint.root.to_string());
    for (name, time_s) in &trusted.witnesses {
        line("witness", format!("{name}, at {}", output::second(*time_s)));
    }
    text
}

fn json(index: u64, leaf: &Leaf, trusted: &Trusted) -> String {
    let checkpoint = &trusted.checkpoint;
    let witnesses = trusted.witnesses.iter();
    let value = json!({
        "verdict": "verified",
        "leaf": index,
        "organization": uuid(&leaf.organization_tag),
        "number": leaf.organization_sequence,
        "kind": leaf.kind.number(),
        "logged_ms": leaf.time_ms,
        "leaf_hash": leaf.hash().to_string(),
        "header": leaf.header.to_string(),
        "checkpoint": {
            "origin": checkpoint.origin.as_str(),
            "size": checkpoint.size,
            "root": checkpoint.root.to_string(),
            "witnesses": witnesses.map(|(name, time_s)| json!({"name": name, "time_s": time_s})).collect::<Vec<_>>(),
        },
    });
    format!("{value:#}\n")
}
