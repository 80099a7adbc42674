//! Our table in the kernel's firewall, by nft.
//!
//! Invariant: a ruleset reaches nft by its standard input, whole or not at all (nft loads a file in one transaction).

use std::time::Duration;

use zeroize::Zeroizing;

use crate::firewall::{self, TABLE};
use crate::run::{Call, Program, RunError};

const DEADLINE: Duration = Duration::from_secs(20);
/// What nft says of a table that is not there (ENOENT), in the C locale.
const ABSENT: &str = "No such file or directory";

/// Whether the kernel would take the ruleset; nothing is loaded.
///
/// # Errors
/// [`RunError::Failed`] with the line that nft minds, and the others.
pub fn check(ruleset: &str) -> Result<(), RunError> {
    read(["--check", "--file", "-"], ruleset)
}

/// Loads the ruleset.
///
/// # Errors
/// As [`check`]; then everything is as it was.
pub fn load(ruleset: &str) -> Result<(), RunError> {
    read(["--file", "-"], ruleset)
}

/// Our table as nft prints it, without what its counters have counted; none when the kernel has none.
///
/// # Errors
/// [`RunError`].
pub fn list() -> Result<Option<String>, RunError> {
    listed(Call::new(Program::Nft).with(["--stateless", "list", "table"]))
}

/// How many outgoing packets our table has turned away since it was loaded; none when it rules none.
///
/// # Errors
/// [`RunError`].
pub fn turned_away() -> Result<Option<u64>, RunError> {
    let text = listed(Call::new(Program::Nft).with(["list", "table"]))?;
    Ok(text.as_deref().and_then(firewall::turned_away))
}

fn listed(call: Call) -> Result<Option<String>, RunError> {
    match call.with(TABLE).within(DEADLINE).run() {
        Ok(text) => Ok(Some(text)),
        Err(RunError::Failed { said, .. }) if said.contains(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read<const N: usize>(arguments: [&str; N], ruleset: &str) -> Result<(), RunError> {
    let input = Zeroizing::new(ruleset.as_bytes().to_vec());
    let call = Call::new(Program::Nft).with(arguments).reading(input);
    call.within(DEADLINE).run().map(drop)
}
