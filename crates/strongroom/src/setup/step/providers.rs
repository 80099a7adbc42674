//! OpenID providers: set with `strongroom provider`, and seen here so that nobody forgets them.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{Caller, Platform, provider};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(provider::list(&platform, &Caller::host()).await?)
    })?;
    if found.is_empty() {
        let what = "none is set, so people sign in with passwords; set one with `strongroom provider add`";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    let keys: Vec<&str> = found.iter().map(|view| view.key.as_str()).collect();
    Ok(Standing::Done(keys.join(", ")))
}
