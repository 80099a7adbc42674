//! The OpenID provider of the answers. What there is already is left as it is: operators may have changed it since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{
    Caller, Platform,
    provider::{self, NewProvider},
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(provider::list(&platform, &Caller::host()).await?)
    })?;
    let keys: Vec<&str> = found.iter().map(|view| view.key.as_str()).collect();
    match &site.answers.provider {
        Some(wanted) if !keys.contains(&wanted.key.as_str()) => {
            let what = format!("add the provider {} at {}", wanted.key, wanted.issuer);
            Ok(Standing::ToDo(what))
        }
        None if keys.is_empty() => {
            let what =
                "none is set, so people sign in with passwords; set one with `strongroom provider add`";
            Ok(Standing::LeftOut(what.to_owned()))
        }
        _ => Ok(Standing::Done(keys.join(", "))),
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.provider else {
        return Ok(());
    };
    let secret = wanted.secret_file.as_deref().map(secret::read_file).transpose()?;
    let new = NewProvider {
        key: wanted.key.clone(),
        label: wanted.label.clone(),
        issuer: wanted.issuer.clone(),
        settings: wanted.settings.clone(),
        secret,
    };
    let config = settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        provider::add(&platform, &Caller::host(), new).await?;
        Ok(())
    })
}
