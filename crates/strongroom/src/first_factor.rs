//! An account's first second factor, set up at a terminal: the code for an authenticator app, its first proof, the recovery codes.
//!
//! Invariants: secrets are shown at the terminal itself and nowhere else, not in a file, a pipe or a log; whoever sets it up
//! signs in with the password first.

use crate::{
    failure::{CommandError, Exit},
    person, secret,
};
use platform::{Caller, Platform, factor};
use types::ProblemCode;
use vault::SecretText;

/// How often a code may be mistyped.
const TRIES: usize = 3;
/// White on black, whatever the terminal's colours are: a camera must be able to read it.
const COLOURS: &str = "\u{1b}[97;40m";
const PLAIN: &str = "\u{1b}[0m";

/// Refuses where nobody could read the secret.
///
/// # Errors
/// There is no terminal.
pub(crate) fn require_terminal() -> Result<(), CommandError> {
    match secret::has_terminal() {
        true => Ok(()),
        false => {
            let text = "a second factor is set up at a terminal, where its secret is shown; run this at one";
            Err(CommandError::said(Exit::Usage, text))
        }
    }
}

/// Signs the person in with the password, shows a secret, and counts it once a code of it was typed.
///
/// # Errors
/// The account has a factor already; the password or the code is wrong; there is no terminal.
pub(crate) async fn enrol(
    platform: &Platform,
    email: &str,
    password: SecretText,
) -> Result<(), CommandError> {
    let enrolled = person::enrolling(platform, email, password, async |caller| {
        prove(platform, caller).await
    })
    .await?;
    secret::show(
        "\nIt counts from now on. Recovery codes, shown this once; each lets in once without the app:",
    )?;
    for code in &enrolled.recovery_codes {
        secret::show(&format!("  {}", code.expose()))?;
    }
    Ok(())
}

async fn prove(platform: &Platform, caller: &Caller) -> Result<factor::enrol::Enrolled, CommandError> {
    let begun = factor::enrol::begin(platform, caller).await?;
    for line in factor::picture::text(&begun.uri)?.lines() {
        secret::show(&format!("{COLOURS}{line}{PLAIN}"))?;
    }
    secret::show(&format!(
        "Read this with an authenticator app, or type the secret into it: {}",
        begun.secret.expose()
    ))?;
    let mut tries = 1;
    loop {
        let typed = secret::read_code("The code that it shows now: ")?;
        match factor::enrol::finish(platform, caller, "Authenticator app", typed.expose()).await {
            Err(error) if error.code == ProblemCode::Invalid && tries < TRIES => {
                secret::show("That code does not fit. Is the clock right, here and on the device?")?;
                tries += 1;
            }
            finished => return Ok(finished?),
        }
    }
}
