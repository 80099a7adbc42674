//! The first organization and its owner.

use super::{Run, Standing, settings};
use crate::{failure::CommandError, host::block_on, secret, setup::site::Site};
use platform::{Caller, Platform, account::NewPerson, organization};
use vault::SecretText;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let wanted = &site.answers.organization;
    let config = settings::config(site)?;
    let all = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(organization::list_all(&platform, &Caller::host()).await?)
    })?;
    Ok(match all.iter().find(|one| one.slug == wanted.slug) {
        Some(found) => Standing::Done(format!("{} ({})", found.name, found.slug)),
        None => Standing::ToDo(format!(
            "make the organization {} with its first owner {}",
            wanted.slug, wanted.owner_email
        )),
    })
}

/// The password is asked for before the database is opened: a person may take longer than a connection lives.
pub(super) fn apply(run: &mut Run<'_>) -> Result<(), CommandError> {
    let wanted = &run.site.answers.organization;
    let prompt = format!("Password of the first owner, {}: ", wanted.owner_email);
    let password = secret::read_new(wanted.owner_password_file.as_deref(), &prompt)?;
    let owner = NewPerson {
        email: wanted.owner_email.clone(),
        name: wanted.owner_name.clone(),
        password: Some(SecretText::new(password.expose().to_owned())),
    };
    let config = settings::config(run.site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        organization::create(&platform, &Caller::host(), &wanted.slug, &wanted.name, owner).await?;
        Ok(())
    })?;
    run.owner_password = Some(password);
    Ok(())
}
