//! Making a cluster's data with initdb.
//!
//! Invariant: `data` exists only whole. initdb works in a folder of another name that is renamed at the end, so an
//! interrupted run leaves nothing that looks like a cluster.

use std::fs;

use anyhow::{Context, Result};

use super::{Cluster, Durability, SUPERUSER, make_folder};
use crate::process;
use crate::secret;

pub(super) fn initialize(cluster: &Cluster) -> Result<()> {
    let folder = &cluster.settings.folder;
    let draft = folder.join("data.draft");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    make_folder(&draft, 0o700)?;
    cluster.account.own(&draft)?;

    // initdb reads the password as the account of the server, which cannot enter the folder of our secrets.
    let password_file = folder.join("initdb.password");
    secret::write_private(&password_file, &cluster.password(SUPERUSER)?)?;
    cluster.account.own(&password_file)?;

    let mut initdb = cluster
        .account
        .command(&cluster.settings.binaries.program("initdb"));
    initdb
        .current_dir(folder)
        .args([
            "--data-checksums",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
        ])
        .arg(format!("--username={SUPERUSER}"))
        .arg(format!("--pwfile={}", password_file.display()))
        .arg(format!("--pgdata={}", draft.display()));
    if cluster.settings.durability == Durability::Volatile {
        initdb.arg("--no-sync");
    }
    let made = process::run(&mut initdb).context("initdb could not make the cluster's data");
    fs::remove_file(&password_file)?;
    made?;
    fs::rename(&draft, cluster.data_folder())?;
    Ok(())
}
