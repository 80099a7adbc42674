//! The program that alerts go to, of the answers. One that is set is left as it is: operators may have changed it since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{Caller, Platform, webhook};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        let view = webhook::show(&platform, &Caller::host()).await?;
        Ok(match view {
            Some(view) => Some((
                view.settings.target()?,
                webhook::look(&platform, &view.settings).is_ok(),
            )),
            None => None,
        })
    })?;
    Ok(match (found, &site.answers.webhook) {
        (Some((target, true)), _) => Standing::Done(format!("to {target}")),
        (Some((target, false)), _) => Standing::Done(format!(
            "to {target}; nothing goes there before [outgoing] names it and `strongroom firewall apply` has looked it up"
        )),
        (None, Some(_)) => Standing::ToDo("send alerts to a program".to_owned()),
        (None, None) => {
            let what = "none is set, so alerts go by mail alone; set one with `strongroom webhook set`";
            Standing::LeftOut(what.to_owned())
        }
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.webhook else {
        return Ok(());
    };
    let secret = secret::read_file(&wanted.secret_file)?;
    let settings = wanted.settings.clone();
    let config = super::settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        webhook::set(&platform, &Caller::host(), settings, Some(secret)).await?;
        Ok(())
    })
}
