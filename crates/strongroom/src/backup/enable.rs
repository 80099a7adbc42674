//! `strongroom backup enable`

use super::{Site, key};
use crate::{
    failure::{CommandError, Exit},
    host::block_on,
    output,
};
use ::host::{
    backup::{engine, settings},
    postgresql::{self, Cluster, Verb},
    run::Program,
    unit,
    write::Written,
};
use platform::{
    Caller,
    backup::{self, BackupAct},
};

/// What runs by itself from then on.
pub(crate) const TIMERS: [&str; 3] = [
    "strongroom-backup.timer",
    "strongroom-backup-copy.timer",
    "strongroom-backup-drill.timer",
];

/// Switches backups on, or brings them to what the settings say; running it again does no harm. Gives whether PostgreSQL
/// was started anew.
pub(crate) fn enable(site: &Site) -> Result<bool, CommandError> {
    if !Program::PgBackRest.is_installed() {
        let text = "pgBackRest is not installed; run `apt install pgbackrest`, then this again";
        return Err(CommandError::said(Exit::Failed, text));
    }
    let cluster = site.cluster()?;
    if !cluster.is_running {
        let text = format!(
            "the cluster {}/{} does not run; start it, then run this again",
            cluster.version, cluster.name
        );
        return Err(CommandError::said(Exit::Failed, text));
    }
    output::talk("  make the repository and its keys");
    site.repository.prepare()?;
    key::create(&site.config)?;
    write_engine_settings(site, &cluster)?;
    engine::create(&site.repository)?;
    let is_restarted = archive(site, &cluster)?;
    output::talk("  see a change arrive in the repository");
    engine::check(&site.repository)?;
    site.note(async |platform| {
        let said = format!(
            "kept for {} days in {}",
            site.config.backup.retention_days,
            site.repository.folder().display()
        );
        backup::note_act(platform, &Caller::host(), BackupAct::Enabled, &said).await
    });
    for timer in TIMERS {
        if unit::is_systemd_here() && unit::look(timer)?.is_installed {
            unit::enable_and_start(timer)?;
        }
    }
    Ok(is_restarted)
}

/// A pass phrase once made stays: without it the repository is lost.
fn write_engine_settings(site: &Site, cluster: &Cluster) -> Result<(), CommandError> {
    let pass_phrase = match settings::pass_phrase(&site.repository)? {
        Some(pass_phrase) => pass_phrase,
        None => key::random_text()?,
    };
    let wish = settings::Wish {
        data_folder: &cluster.data_folder,
        socket_folder: &cluster.socket_folder,
        port: cluster.port,
        retention_days: site.config.backup.retention_days,
    };
    settings::write_engine(&site.repository, &wish, &pass_phrase)?;
    Ok(())
}

/// Archiving begins with a start of the server.
fn archive(site: &Site, cluster: &Cluster) -> Result<bool, CommandError> {
    let written = settings::write_cluster(&site.repository, cluster)?;
    let archiver = block_on(async { Ok(backup::archiver(&site.superuser()).await?) })?;
    if written == Written::Same && archiver.is_on {
        return Ok(false);
    }
    output::talk("  start PostgreSQL anew, so that it archives every change");
    postgresql::control(cluster, Verb::Restart)?;
    Ok(true)
}
