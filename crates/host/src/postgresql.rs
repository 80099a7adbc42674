//! Debian's PostgreSQL clusters (postgresql-common): what there is, one made, one started.
//!
//! Invariant: a cluster of ours listens on a unix socket only, has page checksums, and lets in nobody but by a password or as
//! the operating system's `postgres` and `root`. Start at [`clusters`].

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::account::Account;
use crate::run::{Call, Program, RunError};
use crate::write::{self, Access, WriteError, Written};

/// initdb on a slow disk takes a while.
const CREATE_DEADLINE: Duration = Duration::from_secs(180);
const START_DEADLINE: Duration = Duration::from_secs(120);
/// Where Debian installs the majors' programs.
const PROGRAMS: &str = "/usr/lib/postgresql";

/// A cluster of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The major version.
    pub version: u32,
    /// Its name: `main`.
    pub name: String,
    /// Its port, which also names its socket.
    pub port: u16,
    /// Whether it runs.
    pub is_running: bool,
    /// Where its data lies.
    pub data_folder: PathBuf,
    /// Where its socket lies.
    pub socket_folder: PathBuf,
    /// Where its settings lie.
    pub settings_folder: PathBuf,
}

/// A cluster that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// The major version.
    pub version: u32,
    /// Its name; no dashes, which systemd's instances do not take well.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Where its data is to lie; Debian's place if none.
    pub data_folder: Option<PathBuf>,
}

/// A line of `pg_lsclusters --json`, as far as we read it. Numbers come as texts in some releases.
#[derive(Debug, Deserialize)]
struct Line {
    version: serde_json::Value,
    cluster: String,
    port: serde_json::Value,
    #[serde(default)]
    running: serde_json::Value,
    #[serde(default)]
    pgdata: Option<PathBuf>,
    #[serde(default)]
    socketdir: Option<PathBuf>,
    configdir: PathBuf,
}

/// Why the clusters are not known, or one not as asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A program of postgresql-common failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It answered in a form that we do not know.
    #[error("pg_lsclusters answers in a form that is not known; look at `pg_lsclusters --json`")]
    Unreadable(#[from] serde_json::Error),
    /// A file of its settings.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// PostgreSQL's package makes the user.
    #[error("there is no system user postgres; install Debian's package postgresql")]
    NoAccount,
}

/// The clusters of this machine.
///
/// # Errors
/// [`ClusterError`].
pub fn clusters() -> Result<Vec<Cluster>, ClusterError> {
    let call = Call::new(Program::PgLsclusters).with(["--json"]);
    parse(&call.within(Duration::from_secs(30)).run()?)
}

/// The majors whose server is installed, the newest first.
#[must_use]
pub fn installed_versions() -> Vec<u32> {
    let entries = fs::read_dir(PROGRAMS).into_iter().flatten().flatten();
    let with_server = entries.filter(|entry| entry.path().join("bin/initdb").exists());
    let mut versions: Vec<u32> = with_server
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions
}

/// Makes a cluster; it is not started.
///
/// # Errors
/// [`ClusterError::Run`] with what the program said.
pub fn create(new: &NewCluster) -> Result<(), ClusterError> {
    let (port, version) = (new.port.to_string(), new.version.to_string());
    let mut call = Call::new(Program::PgCreatecluster)
        .with(["--start-conf=auto", "--locale=C.UTF-8", "--encoding=UTF8"])
        // Before its first start already: it must never listen on the network.
        .with(["--pgoption", "listen_addresses=", "--port", &port]);
    if let Some(folder) = &new.data_folder {
        call = call.with(["--datadir"]).with([folder.as_os_str()]);
    }
    let call = call.with([version.as_str(), &new.name, "--", "--data-checksums"]);
    call.within(CREATE_DEADLINE).run()?;
    Ok(())
}

/// Writes our settings and rules of admission; says whether they were others before.
///
/// # Errors
/// [`ClusterError::Write`], [`ClusterError::NoAccount`].
pub fn configure(cluster: &Cluster) -> Result<Written, ClusterError> {
    let postgres = Account::named("postgres").ok_or(ClusterError::NoAccount)?;
    let access = |mode| Access {
        user: postgres.uid,
        group: postgres.gid,
        mode,
    };
    let folder = &cluster.settings_folder;
    write::folder(&folder.join("conf.d"), access(0o755))?;
    let files = [
        ("conf.d/strongroom.conf", SETTINGS, 0o644),
        ("pg_hba.conf", ADMISSION, 0o640),
        ("pg_ident.conf", IDENTITIES, 0o640),
    ];
    let mut changed = Written::Same;
    for (name, text, mode) in files {
        if write::file(&folder.join(name), text.as_bytes(), access(mode))? != Written::Same {
            changed = Written::Changed;
        }
    }
    Ok(changed)
}

/// Whether [`configure`] would change nothing.
///
/// # Errors
/// [`ClusterError::Write`].
pub fn is_configured(cluster: &Cluster) -> Result<bool, ClusterError> {
    let files = [
        ("conf.d/strongroom.conf", SETTINGS),
        ("pg_hba.conf", ADMISSION),
        ("pg_ident.conf", IDENTITIES),
    ];
    for (name, text) in files {
        if write::read(&cluster.settings_folder.join(name))?.as_deref() != Some(text.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Starts a cluster, or starts it anew. With systemd this goes through its unit.
///
/// # Errors
/// [`ClusterError::Run`] with what the server said.
pub fn control(cluster: &Cluster, verb: Verb) -> Result<(), ClusterError> {
    let version = cluster.version.to_string();
    let call = Call::new(Program::PgCtlcluster).with([version.as_str(), &cluster.name, verb.as_str()]);
    call.within(START_DEADLINE).run()?;
    Ok(())
}

/// What [`control`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop and start it.
    Restart,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Restart => "restart",
        }
    }
}

const SETTINGS: &str = "# Written by `strongroom setup`, which writes it again when it differs.
# Reached by its unix socket only.
listen_addresses = ''
ssl = off
password_encryption = 'scram-sha-256'
# What was acknowledged is on disk; these are PostgreSQL's defaults, pinned.
fsync = on
full_page_writes = on
synchronous_commit = on
# The values of statements are records; they do not belong into a log.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
";

const ADMISSION: &str = "# Written by `strongroom setup`, which writes it again when it differs.
# The superuser is whoever is postgres or root on this machine; everybody else has a password.
local  all          postgres  peer map=strongroom
local  replication  postgres  peer map=strongroom
local  all          all       scram-sha-256
";

const IDENTITIES: &str = "# Written by `strongroom setup`, which writes it again when it differs.
# map        system user  database user
strongroom   postgres     postgres
strongroom   root         postgres
";

fn parse(text: &str) -> Result<Vec<Cluster>, ClusterError> {
    let lines: Vec<Line> = serde_json::from_str(text)?;
    Ok(lines.into_iter().filter_map(cluster_of).collect())
}

/// None for a version of before 10, which has two numbers and which we cannot run on.
fn cluster_of(line: Line) -> Option<Cluster> {
    let socket = line.socketdir.unwrap_or_else(|| "/var/run/postgresql".into());
    Some(Cluster {
        version: number(&line.version)?.try_into().ok()?,
        name: line.cluster,
        port: number(&line.port)?.try_into().ok()?,
        is_running: number(&line.running) == Some(1),
        data_folder: line.pgdata.unwrap_or_default(),
        socket_folder: socket,
        settings_folder: line.configdir,
    })
}

fn number(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether something answers on the socket of this port in this folder.
#[must_use]
pub fn socket_path(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_read_whether_numbers_come_as_numbers_or_as_texts() {
        let text = r#"[{"version":15,"cluster":"main","port":"5432","running":1,"pgdata":"/var/lib/postgresql/15/main",
            "socketdir":"/var/run/postgresql","configdir":"/etc/postgresql/15/main","more":{}},
            {"version":"17","cluster":"strongroom","port":5433,"running":0,"configdir":"/etc/postgresql/17/strongroom"},
            {"version":"9.6","cluster":"old","port":"5434","running":0,"configdir":"/etc/postgresql/9.6/old"}]"#;
        let found = parse(text).unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].is_running && !found[1].is_running);
        assert_eq!((found[0].port, found[1].version, found[1].port), (5432, 17, 5433));
        assert!(matches!(
            parse("clusters: none"),
            Err(ClusterError::Unreadable(_))
        ));
    }

    #[test]
    fn nobody_gets_in_by_trust_or_by_network() {
        let rules = ADMISSION.lines().filter(|line| !line.starts_with('#'));
        for rule in rules {
            assert!(rule.starts_with("local"), "{rule}");
            assert!(rule.contains("scram-sha-256") || rule.contains("peer"), "{rule}");
        }
        assert!(SETTINGS.contains("listen_addresses = ''\n"));
    }
}
