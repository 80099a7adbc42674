//! The demo's settings file, and the files that it names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use testkit::certificate::Files;
use testkit::{Cluster, secret};

use super::database::{APPLICATION_ROLE, NAME};

/// Writes `strongroom.toml` anew at each start and gives its path.
pub(super) fn write_settings(folder: &Path, cluster: &Cluster, certificates: &Files) -> Result<PathBuf> {
    let root_key = folder.join("root.key");
    secret::read_or_create(&root_key)?;
    cluster.password(APPLICATION_ROLE)?;
    let text = format!(
        "# Written by `cargo xtask demo` at each start.\n\
         [listen]\nhttps = \"127.0.0.1:8443\"\nhttp = \"127.0.0.1:8080\"\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = {key:?}\n\n\
         [database]\nhost = {host:?}\nport = {port}\nname = \"{NAME}\"\nuser = \"{APPLICATION_ROLE}\"\n\
         password_file = {password:?}\n\n\
         [keys]\nroot_file = {root_key:?}\n",
        certificate = certificates.certificate,
        key = certificates.key,
        host = cluster.socket_folder(),
        port = cluster.port(),
        password = cluster.password_path(APPLICATION_ROLE)?,
    );
    let path = folder.join("strongroom.toml");
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
