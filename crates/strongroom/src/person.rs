//! Acting on the host in the name of a person, who signs in for one command and out again.

use crate::{
    failure::{CommandError, Exit},
    secret,
};
use platform::{
    Caller, Origin, Platform, factor, session,
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
    let origin = origin();
    let admission = sign_in::with_password(platform, origin.clone(), email, password).await?;
    let caller = let_in(platform, origin, email, admission).await?;
    let acted = act(&caller).await;
    session::sign_out(platform, &caller).await?;
    acted
}

/// Signs in somebody who has no second factor yet, lets them set one up, and signs them out whatever came of it.
pub(crate) async fn enrolling<T>(
    platform: &Platform,
    email: &str,
    password: SecretText,
    act: impl AsyncFnOnce(&Caller) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    match sign_in::with_password(platform, origin(), email, password).await? {
        Admission::Session { caller, .. } | Admission::Enrol { caller, .. } => {
            let acted = act(&caller).await;
            session::sign_out(platform, &caller).await?;
            acted
        }
        Admission::Factor { .. } => {
            let text = format!("{email} has a second factor already; others are added on the account page");
            Err(CommandError::said(Exit::Conflict, text))
        }
    }
}

fn origin() -> Origin {
    Origin {
        device: Some("command line".to_owned()),
        ..Origin::default()
    }
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
            let typed = secret::read_code(&format!(
                "Code of {email}'s authenticator app, or a recovery code: "
            ))?;
            let (_session, caller) = sign_in::with_code(platform, origin, pending.expose(), typed).await?;
            unless_held(platform, caller).await
        }
        Admission::Enrol { caller, .. } => unless_held(platform, caller).await,
    }
}

/// Signs out whoever something is asked of first.
async fn unless_held(platform: &Platform, caller: Caller) -> Result<Caller, CommandError> {
    let Some(lacks) = caller.lacks() else {
        return Ok(caller);
    };
    session::sign_out(platform, &caller).await?;
    Err(factor::held(lacks).into())
}
