//! A site of its own for the benchmark: a durable cluster, the daemons, an organization with a dataset and a token.
//!
//! Invariant: everything is made anew for a run and stopped after it; nothing listens beyond the loopback.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;
use serde_json::{Value as Json, json};
use testkit::certificate::Files;
use testkit::cluster::SUPERUSER;
use testkit::{Cluster, ClusterSettings, process, secret};

use super::daemon::Daemon;
use super::http::{Connection, Target};
use super::invoices::{self, DATASET};
use super::processor;
use crate::program;

/// The organization's name in addresses.
pub(super) const SLUG: &str = "bench";
const DATABASE: &str = "strongroom";
const APPLICATION_ROLE: &str = "strongroom_app";
const OWNER: &str = "owner@example.com";
/// The limits that a load generator would run into; everything else is as delivered.
const LIMITS: &str = "[limits]\nrequests_per_minute = 1000000\nconnections_per_address = 1000\n";

/// The benchmark's own Strongroom.
pub(super) struct Site {
    pub(super) cluster: Cluster,
    pub(super) folder: PathBuf,
    /// Without a token.
    pub(super) target: Target,
    program: PathBuf,
    settings: PathBuf,
    postmaster: i32,
}

impl Site {
    /// Starts the cluster and prepares the database.
    pub(super) fn make(program: &Path) -> Result<Self> {
        let folder = folder()?;
        let binaries = testkit::cluster::Binaries::newest()?;
        let cluster = Cluster::open(ClusterSettings {
            // Our connections and those of 64 clients of pgbench at once.
            options: vec![("max_connections".to_owned(), "200".to_owned())],
            binaries,
            ..ClusterSettings::durable(folder.join("cluster"))?
        })?;
        cluster.stop()?;
        cluster.wipe()?;
        // What an earlier run signed does not belong to the new database, and would rightly keep its log from being sequenced.
        let audit = folder.join("audit");
        if audit.exists() {
            fs::remove_dir_all(audit)?;
        }
        cluster.start()?;
        let certificates = Files::ensure(&folder.join("tls"))?;
        let address = free_address()?;
        let postmaster = cluster.status().pid().context("the cluster does not run")?;
        let site = Self {
            settings: write_settings(&folder, &cluster, &certificates, address)?,
            target: Target::new(address, &certificates.authority)?,
            program: program.to_owned(),
            folder,
            cluster,
            postmaster,
        };
        site.prepare()?;
        Ok(site)
    }

    fn prepare(&self) -> Result<()> {
        self.cluster.password(SUPERUSER)?;
        let root_key = self.folder.join("root.key");
        if !root_key.exists() {
            self.strongroom(&["key", "create"], &[("--file", &root_key)])?;
        }
        let admin = self.cluster.password_path(SUPERUSER)?;
        self.strongroom(&["database", "prepare"], &[("--admin-password-file", &admin)])?;
        let password = self.password_file();
        secret::read_or_create(&password)?;
        let create = ["organization", "create", SLUG, "--owner-email", OWNER];
        self.strongroom(&create, &[("--password-file", &password)])
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("owner.password")
    }

    /// Runs a command of `strongroom` on the host. Files follow their options.
    fn strongroom(&self, arguments: &[&str], files: &[(&str, &Path)]) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.settings).args(arguments);
        for (option, file) in files {
            command.arg(option).arg(file);
        }
        process::run(&mut command).map(drop)
    }

    /// A new API token of the owner's.
    pub(super) fn token(&self) -> Result<String> {
        let file = self.folder.join("token");
        if file.exists() {
            fs::remove_file(&file)?;
        }
        let create = [
            "token",
            "create",
            "--organization",
            SLUG,
            "--email",
            OWNER,
            "--name",
            "benchmark",
        ];
        self.strongroom(
            &create,
            &[("--password-file", &self.password_file()), ("--output", &file)],
        )?;
        Ok(fs::read_to_string(&file)?.trim().to_owned())
    }

    /// Starts a daemon.
    pub(super) fn start(&self, name: &str) -> Result<Daemon> {
        Daemon::start(&self.program, &self.settings, name, &self.folder)
    }

    /// Processor seconds of PostgreSQL so far.
    pub(super) fn postgres_seconds(&self) -> Result<f64> {
        processor::postgres_seconds(self.postmaster)
    }

    /// The database's superuser.
    pub(super) fn superuser(&self) -> Result<testkit::Login> {
        self.cluster.superuser(DATABASE)
    }

    /// A role's login in the database.
    pub(super) fn login(&self, role: &str) -> Result<testkit::Login> {
        self.cluster.login(role, DATABASE)
    }
}

/// Makes a dataset of invoices over the API.
pub(super) async fn make_dataset(connection: &mut Connection, target: &Target, key: &str) -> Result<()> {
    let body = json!({"key": key, "label": key, "fields": invoices::fields()});
    let path = format!("/organizations/{SLUG}/datasets");
    ask(connection, target, "POST", &path, &body).await.map(drop)
}

/// Makes one invoice over the API and gives its id.
pub(super) async fn make_invoice(connection: &mut Connection, target: &Target) -> Result<uuid::Uuid> {
    let invoice = invoices::Invoice::new("S", 1, &mut super::random::Random::new(3));
    let body = json!({"fields": invoice.fields()});
    let path = format!("/organizations/{SLUG}/datasets/{DATASET}/records");
    let made = ask(connection, target, "POST", &path, &body).await?;
    let id = made.get("id").and_then(Json::as_str);
    Ok(id.context("the new record has no id")?.parse()?)
}

/// Sends JSON, expects success and JSON.
pub(super) async fn ask(
    connection: &mut Connection,
    target: &Target,
    method: &str,
    path: &str,
    body: &Json,
) -> Result<Json> {
    let bytes = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let headers = if body.is_null() {
        ""
    } else {
        "content-type: application/json\r\n"
    };
    let answer = connection
        .ask(&target.request(method, path, headers, bytes.as_bytes()))
        .await?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(
        (200..300).contains(&answer.status),
        "{method} {path} was answered {}: {text}",
        answer.status
    );
    serde_json::from_slice(&answer.body)
        .with_context(|| format!("{method} {path} was not answered with JSON: {text}"))
}

/// Below the target folder; for root elsewhere, since the user `postgres` may not be able to enter the checkout.
fn folder() -> Result<PathBuf> {
    let folder = if Uid::effective().is_root() {
        PathBuf::from("/var/lib/strongroom-bench")
    } else {
        program::root().join("target/bench")
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
    Ok(folder)
}

/// A port that is free now. Another program could take it before the daemon does; the daemon would say so.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn write_settings(
    folder: &Path,
    cluster: &Cluster,
    certificates: &Files,
    address: SocketAddr,
) -> Result<PathBuf> {
    cluster.password(APPLICATION_ROLE)?;
    let text = format!(
        "# Written by `cargo xtask bench`.\n[listen]\nhttps = \"{address}\"\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = {key:?}\n\n\
         [database]\nhost = {host:?}\nport = {port}\nname = \"{DATABASE}\"\nuser = \"{APPLICATION_ROLE}\"\n\
         password_file = {password:?}\n\n[keys]\nroot_file = {root:?}\n\n[audit]\nfolder = {audit:?}\n\n{LIMITS}",
        certificate = certificates.certificate,
        key = certificates.key,
        host = cluster.socket_folder(),
        port = cluster.port(),
        password = cluster.password_path(APPLICATION_ROLE)?,
        root = folder.join("root.key"),
        audit = folder.join("audit"),
    );
    let path = folder.join("strongroom.toml");
    fs::write(&path, text)?;
    Ok(path)
}
