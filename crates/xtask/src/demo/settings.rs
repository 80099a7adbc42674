//! The demo's settings file, and the files that it names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use testkit::Cluster;
use testkit::certificate::Files;

/// The demo's database.
const DATABASE: &str = "strongroom";
/// The role that the daemons sign in as.
const APPLICATION_ROLE: &str = "strongroom_app";

/// The ports of the loopback that the demo serves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) https: u16,
    pub(super) http: u16,
}

/// The file with the root key.
pub(super) fn root_key(folder: &Path) -> PathBuf {
    folder.join("root.key")
}

/// Writes `strongroom.toml` anew at each start and gives its path.
pub(super) fn write(folder: &Path, cluster: &Cluster, certificates: &Files, ports: Ports) -> Result<PathBuf> {
    cluster.password(APPLICATION_ROLE)?;
    let text = format!(
        "# Written by `cargo xtask demo` at each start.\n\
         [listen]\nhttps = \"127.0.0.1:{https}\"\nhttp = \"127.0.0.1:{http}\"\n\
         base_url = \"https://localhost:{https}\"\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = {key:?}\n\n\
         [database]\nhost = {host:?}\nport = {port}\nname = \"{DATABASE}\"\nuser = \"{APPLICATION_ROLE}\"\n\
         password_file = {password:?}\n\n\
         [keys]\nroot_file = {root_key:?}\n\n[audit]\nfolder = {audit:?}\n",
        https = ports.https,
        http = ports.http,
        certificate = certificates.certificate,
        key = certificates.key,
        host = cluster.socket_folder(),
        port = cluster.port(),
        password = cluster.password_path(APPLICATION_ROLE)?,
        root_key = root_key(folder),
        audit = folder.join("audit"),
    );
    let path = folder.join("strongroom.toml");
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
