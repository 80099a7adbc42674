//! Whom the note of the day goes to, by the answers. Addresses that are set are left as they are: operators may have changed them since.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{
    Caller, Platform,
    ledger::daily::{self, Addresses},
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let found = block_on(async {
        let platform = Platform::open(&config).await?;
        Ok(Addresses::of(&platform, &Caller::host()).await?)
    })?;
    let wanted = &site.answers.audit.note_to;
    Ok(match (found.addresses.len(), wanted.is_empty()) {
        (0, false) => Standing::ToDo(format!("mail the note of the day to {}", wanted.join(", "))),
        (0, true) => {
            let what = "the answers name nobody whom the note of the day goes to; name somebody elsewhere with \
                        `strongroom audit note --mail-to`";
            Standing::LeftOut(what.to_owned())
        }
        (1, _) => Standing::Done("to one address".to_owned()),
        (count, _) => Standing::Done(format!("to {count} addresses")),
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let config = settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        daily::set_addresses(&platform, &Caller::host(), &site.answers.audit.note_to).await?;
        Ok(())
    })
}
