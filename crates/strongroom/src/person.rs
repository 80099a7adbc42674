//! Acting on the host in the name of a person, who signs in for one command and out again.

use crate::failure::CommandError;
use platform::{
    Caller, Origin, Platform, session,
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
    let Admission::Session { caller, .. } = sign_in::with_password(platform, origin, email, password).await?;
    let acted = act(&caller).await;
    session::sign_out(platform, &caller).await?;
    acted
}
