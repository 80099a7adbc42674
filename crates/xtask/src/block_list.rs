//! `cargo xtask block-list`: makes the list of common passwords that is built into the program
//! (`crates/vault/data/common-passwords.txt`) out of others' lists; where those come from is in that folder's README.

use anyhow::{Context, Result, ensure};
use clap::Args;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Shorter ones are found as single characters.
const LENGTH_MIN: usize = 4;
/// Longer ones are names of files and sentences that nobody types.
const LENGTH_MAX: usize = 32;
/// A list that suddenly is much shorter was not read right.
const COUNT_MIN: usize = 40_000;

#[derive(Debug, Args)]
pub(crate) struct BlockListArguments {
    /// Lists: text with one password on each line, or JSON with an array of them
    #[arg(required = true, value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// Where to write
    #[arg(long, default_value = "crates/vault/data/common-passwords.txt")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &BlockListArguments) -> Result<()> {
    let mut found = BTreeSet::new();
    for list in &arguments.lists {
        for password in read(list)? {
            found.extend(usable(&password));
        }
    }
    ensure!(
        found.len() >= COUNT_MIN,
        "only {} passwords: were all lists given?",
        found.len()
    );
    let mut text = String::new();
    for password in &found {
        text.push_str(password);
        text.push('\n');
    }
    fs::write(&arguments.output, text)
        .with_context(|| format!("cannot write {}", arguments.output.display()))?;
    println!("{} passwords in {}", found.len(), arguments.output.display());
    Ok(())
}

fn read(list: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
    if text.starts_with('[') {
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is no array of texts", list.display()));
    }
    Ok(text.lines().map(str::to_owned).collect())
}

/// In small letters, since the rule compares without regard to case.
fn usable(password: &str) -> Option<String> {
    let lower = password.trim().to_lowercase();
    let printable = lower.bytes().all(|byte| byte.is_ascii_graphic());
    (printable && (LENGTH_MIN..=LENGTH_MAX).contains(&lower.len())).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_long_or_odd_is_left_out() {
        assert_eq!(usable(" PassWord1 ").as_deref(), Some("password1"));
        for odd in ["abc", "two words", "schlüssel", &"a".repeat(33), ""] {
            assert_eq!(usable(odd), None, "{odd}");
        }
    }
}
