//! The mail server: set with `strongroom mail set`, and seen here so that nobody forgets it.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{Caller, Platform, mail};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(mail::show(&platform, &Caller::host()).await?)
    })?;
    Ok(match found {
        Some(view) => Standing::Done(format!("by {}", view.settings.host)),
        None => {
            let what = "none is set, so links are handed over by hand; set it with `strongroom mail set`";
            Standing::LeftOut(what.to_owned())
        }
    })
}
