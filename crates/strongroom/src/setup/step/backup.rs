//! Backups, where the answers ask for them. Before the daemons, because PostgreSQL is started anew for it.

use super::{Standing, settings};
use crate::{
    backup::{self, PATIENT, Site as BackupSite, copy, enable},
    failure::CommandError,
    host::block_on,
    secret,
    setup::site::Site,
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    if !site.answers.backup.enable {
        let what = "the answers do not ask for them, so nothing is backed up; answer backup.enable, or run \
                    `strongroom backup enable`";
        return Ok(Standing::LeftOut(what.to_owned()));
    }
    let config = settings::config(site)?;
    let folder = config.backup.folder.display();
    let admin = settings::superuser(&config);
    let archiver = block_on(async { Ok(platform::backup::archiver(&admin).await?) })?;
    Ok(match backup::repository(&config)?.is_set_up() && archiver.is_on {
        true => Standing::Done(format!(
            "kept for {} days in {folder}",
            config.backup.retention_days
        )),
        false => Standing::ToDo(format!(
            "archive every change into {folder}, encrypted, and back up each night"
        )),
    })
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let backups = BackupSite::begin(&site.settings, PATIENT)?;
    if let Some(file) = &site.answers.backup.second_secret_file {
        copy::keep_secret(&backups.config, &secret::read_file(file)?)?;
    }
    enable::enable(&backups).map(drop)
}
