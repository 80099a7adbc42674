//! The witness of the answers. It is named at once; it is asked over https when the settings let its address out, which may be later
//! than the first run.

use super::{Standing, settings};
use crate::{failure::CommandError, host::block_on, setup::site::Site};
use platform::{Caller, Platform, ledger::witness};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    let wanted = site.answers.audit.witness.as_ref();
    block_on(async {
        let platform = Platform::open(&config).await?;
        let named = witness::appointed(&platform, &Caller::host()).await?;
        let Some(wanted) = wanted else {
            return Ok(match named.len() {
                0 => {
                    let what = "the answers name none, so whoever has the log's key could write it anew unseen; see \
                                `strongroom audit witness`";
                    Standing::LeftOut(what.to_owned())
                }
                count => Standing::Done(format!("{count} named")),
            });
        };
        let name = wanted.key.split('+').next().unwrap_or_default();
        let Some(found) = named.get(name).filter(|found| found.key == wanted.key) else {
            return Ok(Standing::ToDo(format!("count the word of {name}")));
        };
        Ok(match (&found.contact, &wanted.contact) {
            (Some(contact), _) => Standing::Done(format!("{name}, asked at {}", contact.url)),
            (None, None) => Standing::Done(format!("{name}, carried by hand")),
            (None, Some(contact)) => match witness::check_contact(&platform, contact) {
                Ok(()) => Standing::ToDo(format!("ask {name} at {}", contact.url)),
                Err(error) => Standing::Done(format!(
                    "{name}, carried by hand for now: {}; then run setup again",
                    error.detail
                )),
            },
        })
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(wanted) = &site.answers.audit.witness else {
        return Ok(());
    };
    let config = settings::config(site)?;
    block_on(async {
        let platform = Platform::open(&config).await?;
        let contact = wanted.contact.clone();
        let contact = contact.filter(|contact| witness::check_contact(&platform, contact).is_ok());
        witness::appoint(&platform, &Caller::host(), &wanted.key, contact).await?;
        Ok(())
    })
}
