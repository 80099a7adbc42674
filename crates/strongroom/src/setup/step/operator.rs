//! The first owner as an operator, where the answers ask for it: who looks after the appliance in the browser.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{Caller, Platform, operator};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let wanted = &site.answers.organization;
    let config = settings::config(site)?;
    let all = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(operator::list(&platform, &Caller::host()).await?)
    })?;
    let email = &wanted.owner_email;
    Ok(match (all.as_slice(), wanted.owner_operates) {
        (all, true) if !all.iter().any(|one| one.email.eq_ignore_ascii_case(email)) => Standing::ToDo(
            format!("make {email} an operator, who looks after the appliance in the browser"),
        ),
        ([], _) => {
            let what = "the answers name none, so the appliance is looked after on the host; make one with `strongroom operator appoint`";
            Standing::LeftOut(what.to_owned())
        }
        ([one], _) => Standing::Done(one.email.clone()),
        (all, _) => Standing::Done(format!("{} operators", all.len())),
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let config = settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        operator::appoint(&platform, &Caller::host(), &site.answers.organization.owner_email).await?;
        Ok(())
    })
}
