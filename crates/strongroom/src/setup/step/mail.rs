//! The mail server of the answers. One that is set is left as it is: operators may have changed it since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{Caller, Platform, mail};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(mail::show(&platform, &Caller::host()).await?)
    })?;
    Ok(match (found, &site.answers.mail) {
        (Some(view), _) => Standing::Done(format!("by {}", view.settings.host)),
        (None, Some(wanted)) => Standing::ToDo(format!("send mail by {}", wanted.settings.host)),
        (None, None) => {
            let what = "none is set, so links are handed over by hand; set it with `strongroom mail set`";
            Standing::LeftOut(what.to_owned())
        }
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.mail else {
        return Ok(());
    };
    let secret = wanted
        .password_file
        .as_deref()
        .map(secret::read_file)
        .transpose()?;
    let settings = wanted.settings.clone();
    let config = super::settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        mail::set(&platform, &Caller::host(), settings, secret).await?;
        Ok(())
    })
}
