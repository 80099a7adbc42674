//! The PostgreSQL cluster of the appliance.

use super::Standing;
use crate::{
    failure::{CommandError, Exit},
    setup::site::Site,
};
use ::host::{
    postgresql::{self, Cluster, NewCluster, Verb},
    write::Written,
};

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let wanted = &site.answers.database;
    let Some(cluster) = find(site)? else {
        let port = wanted
            .port
            .map_or_else(|| "the next free port".to_owned(), |port| format!("port {port}"));
        let what = format!(
            "make the cluster {} with page checksums, by unix socket only, {port}",
            wanted.cluster
        );
        return Ok(Standing::ToDo(what));
    };
    let name = format!("{}/{}", cluster.version, cluster.name);
    if wanted.port.is_some_and(|port| port != cluster.port) {
        return Err(CommandError::said(
            Exit::Failed,
            format!(
                "the cluster {name} has port {}, not the one of database.port; correct the answers",
                cluster.port
            ),
        ));
    }
    if !postgresql::is_configured(&cluster)? {
        return Ok(Standing::ToDo(format!(
            "write settings and rules of admission of {name}"
        )));
    }
    if !cluster.is_running {
        return Ok(Standing::ToDo(format!("start {name}")));
    }
    Ok(Standing::Done(format!(
        "{name} on port {}, data in {}",
        cluster.port,
        cluster.data_folder.display()
    )))
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let wanted = &site.answers.database;
    if find(site)?.is_none() {
        postgresql::create(&NewCluster {
            version: version(site)?,
            name: wanted.cluster.clone(),
            port: wanted.port,
            data_folder: wanted.data_folder.clone(),
        })?;
    }
    let cluster = existing(site)?;
    let configured = postgresql::configure(&cluster)?;
    match (cluster.is_running, configured) {
        (false, _) => postgresql::control(&cluster, Verb::Start)?,
        (true, Written::Same) => {}
        (true, _) => postgresql::control(&cluster, Verb::Restart)?,
    }
    Ok(())
}

/// The cluster of that name; of two majors the newer one.
pub(in crate::setup) fn find(site: &Site) -> Result<Option<Cluster>, CommandError> {
    let wanted = &site.answers.database;
    let fits = |cluster: &Cluster| {
        cluster.name == wanted.cluster && wanted.version.is_none_or(|version| version == cluster.version)
    };
    let clusters = postgresql::clusters()?;
    Ok(clusters
        .into_iter()
        .filter(fits)
        .max_by_key(|cluster| cluster.version))
}

/// The same, where it must be there by now.
pub(super) fn existing(site: &Site) -> Result<Cluster, CommandError> {
    find(site)?.ok_or_else(|| {
        let name = &site.answers.database.cluster;
        CommandError::said(
            Exit::Failed,
            format!("there is no cluster {name}; run setup again"),
        )
    })
}

fn version(site: &Site) -> Result<u32, CommandError> {
    let newest = || postgresql::installed_versions().first().copied();
    site.answers.database.version.or_else(newest).ok_or_else(|| {
        CommandError::said(
            Exit::Failed,
            "no PostgreSQL server is installed; install Debian's package postgresql",
        )
    })
}
