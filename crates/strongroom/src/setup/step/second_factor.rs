//! The first owner's second factor, where the answers ask for it: an authenticator app, whose secret is shown at the terminal.

use super::{Run, Standing, settings};
use crate::{failure::CommandError, first_factor, host::block_on, secret, setup::site::Site};
use platform::{Caller, Platform, factor};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let wanted = &site.answers.organization;
    let config = settings::config(site)?;
    let email = &wanted.owner_email;
    let is_enrolled = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(factor::is_enrolled(&platform, &Caller::host(), email).await?)
    })?;
    Ok(match (is_enrolled, wanted.owner_factor) {
        (true, _) => Standing::Done(format!("{email} has one")),
        (false, true) => Standing::ToDo(format!(
            "set an authenticator app up for {email}, at this terminal"
        )),
        (false, false) => Standing::LeftOut(format!(
            "the answers do not ask for it; {email} sets one up after signing in, as operators must, or now with \
             `strongroom factor enrol {email}`"
        )),
    })
}

pub(super) fn apply(run: &mut Run<'_>) -> Result<(), CommandError> {
    first_factor::require_terminal()?;
    let wanted = &run.site.answers.organization;
    let password = match run.owner_password.take() {
        Some(password) => password,
        None => {
            let prompt = format!("Password of the first owner, {}: ", wanted.owner_email);
            secret::read(wanted.owner_password_file.as_deref(), &prompt)?
        }
    };
    let config = settings::config(run.site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        first_factor::enrol(&platform, &wanted.owner_email, password).await
    })
}
