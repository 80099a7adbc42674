//! The recovery kit, where the answers say where it goes: made and read back while somebody is here.

use super::{Standing, settings};
use crate::{
    backup::{self, PATIENT, Site as BackupSite, kit},
    failure::CommandError,
    secret,
    setup::site::Site,
};
use ::host::backup::record::Folder;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let config = settings::config(site)?;
    if !backup::repository(&config)?.is_set_up() {
        return Ok(Standing::LeftOut(
            "there are no backups that it would open; it comes with them".to_owned(),
        ));
    }
    let noted = Folder::at(&config.backup.record).kit()?;
    Ok(match (noted, &site.answers.backup.kit) {
        (Some(kit), _) if kit.is_current && kit.verified_at.is_some() => Standing::Done(format!(
            "made {} and read back, {}",
            kit.made_at.strftime("%Y-%m-%d"),
            kit.fingerprint
        )),
        (_, Some(place)) => Standing::ToDo(format!(
            "write it to {} under a passphrase, and read it back; then take it away from this machine",
            place.display()
        )),
        (_, None) => {
            let what = "the answers do not say where it goes; without it a lost machine takes its backups along: run `strongroom \
                        recovery-kit make`";
            Standing::LeftOut(what.to_owned())
        }
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let Some(place) = &site.answers.backup.kit else {
        return Ok(());
    };
    let file = site.answers.backup.kit_passphrase_file.as_deref();
    let passphrase = secret::read_new(
        file,
        "Passphrase for the recovery kit, of at least 16 characters: ",
    )?;
    let backed = BackupSite::of_enabled(&site.settings, PATIENT)?;
    kit::make(&backed, place, &passphrase).map(drop)
}
