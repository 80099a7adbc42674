//! Acting on the host in the name of a person, who signs in for one command and out again.

use crate::{failure::CommandError, secret};
use platform::{
    Caller, Origin, Platform,
    caller::Lacks,
    factor, session,
    sign_in::{self, Admission},
};
use vault::SecretText;

/// Signs a person in, lets them act, and signs them out whatever came of it.
pub(crate) async fn acting<T>(
    platform: &Platform,
    email: &str,
    password: SecretText,
    act: impl AsyncFnOnce(&Caller) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let origin = Origin {
        device: Some("command line".to_owned()),
        ..Origin::default()
    };
    let admission = sign_in::with_password(platform, origin.clone(), email, password).await?;
    let caller = let_in(platform, origin, email, admission).await?;
    let acted = act(&caller).await;
    session::sign_out(platform, &caller).await?;
    acted
}

/// Asks at the terminal for the code, where the account has a second factor: this door is no weaker than the others.
async fn let_in(
    platform: &Platform,
    origin: Origin,
    email: &str,
    admission: Admission,
) -> Result<Caller, CommandError> {
    match admission {
        Admission::Session { caller, .. } => Ok(caller),
        Admission::Factor { pending } => {
            let typed = secret::read_code(&format!("Code of {email}'s second factor: "))?;
            let (_session, caller) = sign_in::with_code(platform, origin, pending.expose(), typed).await?;
            Ok(caller)
        }
        Admission::Enrol { caller, .. } => {
            session::sign_out(platform, &caller).await?;
            Err(factor::held(caller.lacks().unwrap_or(Lacks::Enrolment)).into())
        }
    }
}
