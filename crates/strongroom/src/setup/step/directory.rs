//! The LDAP directory of the answers. What there is already is left as it is: operators may have changed it since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{
    Caller, Platform,
    directories::{self, NewDirectory, settings::ServiceProof},
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(directories::list(&platform, &Caller::host()).await?)
    })?;
    let keys: Vec<&str> = found.iter().map(|view| view.key.as_str()).collect();
    match &site.answers.directory {
        Some(wanted) if !keys.contains(&wanted.key.as_str()) => {
            let servers: Vec<String> = wanted.settings.servers.iter().map(ToString::to_string).collect();
            let what = format!("add the directory {} at {}", wanted.key, servers.join(", "));
            Ok(Standing::ToDo(what))
        }
        None if keys.is_empty() => {
            let what = "none is set, so people sign in otherwise; add one with `strongroom directory add`";
            Ok(Standing::LeftOut(what.to_owned()))
        }
        _ => Ok(Standing::Done(keys.join(", "))),
    }
}

/// The password and the key are read before the database is opened: a person may take longer than a connection lives.
pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.directory else {
        return Ok(());
    };
    let password = match wanted.settings.service_proof {
        ServiceProof::Certificate => None,
        ServiceProof::Password => {
            let prompt = format!("Password of the service account {}: ", wanted.settings.service_dn);
            Some(secret::read(wanted.password_file.as_deref(), &prompt)?)
        }
    };
    let client_key = wanted
        .client_key_file
        .as_deref()
        .map(secret::read_file)
        .transpose()?;
    let new = NewDirectory {
        key: wanted.key.clone(),
        settings: wanted.settings.clone(),
        secret: password,
        client_key,
        first_sign_in: wanted.first_sign_in,
    };
    let config = settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        directories::add(&platform, &Caller::host(), new).await?;
        Ok(())
    })
}
