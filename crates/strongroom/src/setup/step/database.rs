//! The database with its roles and schemas.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{Platform, database};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let admin = settings::superuser(&config);
    let name = &config.database.name;
    let status = block_on(async { Ok(database::status(&admin, &config).await) })?;
    let Ok(status) = status else {
        return Ok(Standing::ToDo(format!("make the database {name} and its roles")));
    };
    if !status.pending.is_empty() || status.organizations_behind > 0 {
        return Ok(Standing::ToDo(format!("migrate the database {name}")));
    }
    // The daemons' login and the root key belong to it: a password or key of another time shows here.
    match block_on(async { Ok(Platform::open(&config).await) })? {
        Ok(_) => Ok(Standing::Done(format!("{name} at version {}", status.version))),
        Err(error) => {
            let cause = error
                .source
                .as_ref()
                .map(|source| format!(" ({source})"))
                .unwrap_or_default();
            let what = format!("let the daemons into {name}: {}{cause}", error.detail);
            Ok(Standing::ToDo(what))
        }
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let config = settings::config(site)?;
    let admin = settings::superuser(&config);
    block_on(async { Ok(database::prepare(&admin, &config).await?) }).map(drop)
}
