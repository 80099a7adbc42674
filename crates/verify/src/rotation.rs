//! A new key of the log: the policy that its holder's own one becomes by announcements, printed to be kept in its place.
//!
//! Invariant: nothing is printed but what the keys in the policy lead to; with an announcement that leads nowhere, nothing at all.

use crate::{
    CANNOT_TELL,
    arguments::{Arguments, Format},
    inputs::{self, InputError},
    output,
};
use audit::rotation::Followed;
use serde_json::json;
use std::{path::Path, process::ExitCode};

/// Follows the announcements, and prints where they lead.
///
/// # Errors
/// A file cannot be read, or is not what it should be.
pub(crate) fn follow(policy: &Path, arguments: &Arguments) -> Result<ExitCode, InputError> {
    let (shown, code) = match inputs::trusted(policy, &arguments.rotation) {
        Ok((trusted, followed)) => {
            let policy = trusted.newest().to_string();
            let shown = match arguments.format() {
                Format::Text => text(&policy, &followed),
                Format::Json => json(&policy, &followed),
            };
            (shown, ExitCode::SUCCESS)
        }
        Err(InputError::Rotation { file, source }) => {
            let error = InputError::Rotation { file, source };
            let reason = output::chain(&error);
            let shown = match arguments.format() {
                Format::Text => format!("FALSE\n  rotation      {reason}\n"),
                Format::Json => format!("{:#}\n", json!({"verdict": "false", "reason": reason})),
            };
            (shown, ExitCode::FAILURE)
        }
        Err(other) => return Err(other),
    };
    Ok(match output::print(&shown) {
        true => code,
        false => ExitCode::from(CANNOT_TELL),
    })
}

/// A policy, whose comments say where it comes from.
fn text(policy: &str, followed: &[Followed]) -> String {
    let lines = followed.iter().map(|step| {
        let Followed { key, index, size, .. } = step;
        format!("# Leaf {index} names {key}, in a checkpoint of {size} leaves that the key before it has signed.\n")
    });
    lines.chain([policy.to_owned()]).collect()
}

fn json(policy: &str, followed: &[Followed]) -> String {
    let steps = followed.iter().map(|step| {
        json!({
            "leaf": step.index,
            "key": step.key.to_string(),
            "size": step.size,
        })
    });
    let value = json!({
        "verdict": "verified",
        "followed": steps.collect::<Vec<_>>(),
        "policy": policy,
    });
    format!("{value:#}\n")
}
