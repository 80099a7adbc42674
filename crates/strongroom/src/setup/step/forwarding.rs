//! The collector of the answers. One that is set is left as it is: operators may have changed it since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{
    Caller, Platform,
    forwarding::{self, Start},
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(forwarding::show(&platform, &Caller::host()).await?)
    })?;
    Ok(match (found, &site.answers.forwarding) {
        (Some(view), _) => Standing::Done(format!("to {}", view.settings.host)),
        (None, Some(wanted)) => Standing::ToDo(format!("forward logs to {}", wanted.settings.host)),
        (None, None) => {
            let what =
                "no collector is set, so logs stay on this machine; set one with `strongroom forwarding set`";
            Standing::LeftOut(what.to_owned())
        }
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.forwarding else {
        return Ok(());
    };
    let key = wanted.key_file.as_deref().map(secret::read_file).transpose()?;
    let settings = wanted.settings.clone();
    let config = super::settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        // From the first entry on: this appliance has not done much yet.
        forwarding::set(&platform, &Caller::host(), settings, key, Start::Beginning).await?;
        Ok(())
    })
}
