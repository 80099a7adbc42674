//! Debian's PostgreSQL clusters (postgresql-common): what there is, one made, one started.
//!
//! Invariant: a cluster of ours listens on a unix socket only, has page checksums, and lets in nobody but by
//! a password or as the operating system's `postgres` and `root`. Start at [`clusters`].

use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

pub mod major;
mod stray;

pub use stray::end_strays;

use crate::account::Account;
use crate::run::{Call, Program, RunError};
use crate::tree::TreeError;
use crate::write::{self, Access, WriteError, Written};

/// initdb on a slow disk takes a while.
const CREATE_DEADLINE: Duration = Duration::from_secs(180);
const START_DEADLINE: Duration = Duration::from_secs(120);
/// A stop writes all that is in memory to the disk; Debian's unit waits as long (postgresql@.service).
const STOP_DEADLINE: Duration = Duration::from_secs(3600);
/// A large database takes its time.
const ARCHIVE_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// Where Debian installs the majors' programs.
const PROGRAMS: &str = "/usr/lib/postgresql";
/// How often the list is asked for: it fails as a whole while anybody's cluster is half made or half removed.
const LIST_TRIES: u32 = 5;
const LIST_AGAIN: Duration = Duration::from_millis(300);
/// No machine of ours has more.
const CLUSTERS_MAX: usize = 50;
/// The majors that this release runs on. Older ones are out of support before the next release of ours is.
pub const MAJORS: RangeInclusive<u32> = 15..=17;
/// Where the clusters' settings lie, by major and name.
const SETTINGS_FOLDERS: &str = "/etc/postgresql";

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
    /// Its port; the next free one if none.
    pub port: Option<u16>,
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
    /// A data folder was not removed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A server went on running in a folder that is to be moved away.
    #[error("PostgreSQL still runs in {} (process {pid}) and does not end; end it, and run this again", folder.display())]
    Stray {
        /// The folder.
        folder: PathBuf,
        /// One of its processes.
        pid: i32,
    },
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
    let call = call.within(Duration::from_secs(30));
    let list = || parse(&call.run()?);
    for _ in 1..LIST_TRIES {
        match list() {
            // Of a cluster that is half made it knows half.
            Err(ClusterError::Run(RunError::Failed { .. }) | ClusterError::Unreadable(_)) => {
                thread::sleep(LIST_AGAIN);
            }
            listed => return listed,
        }
    }
    list()
}

/// The cluster behind a socket, by its folder and port; none where that is none of Debian's.
///
/// # Errors
/// [`ClusterError`].
pub fn at_socket(folder: &Path, port: u16) -> Result<Option<Cluster>, ClusterError> {
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let wanted = real(folder);
    let mut clusters = clusters()?.into_iter();
    Ok(clusters.find(|cluster| cluster.port == port && real(&cluster.socket_folder) == wanted))
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

/// Where the data of one of Debian's clusters lies, by the name that the server itself gives (`cluster_name`:
/// `17/main`). Read from its settings, since a sandboxed daemon starts no programs.
///
/// # Errors
/// `NotFound` for a name that is none of Debian's, or settings that do not say.
pub fn data_folder(cluster_name: &str) -> io::Result<PathBuf> {
    data_folder_at(cluster_name, Path::new(SETTINGS_FOLDERS))
}

/// The names of all clusters of Debian's, as [`data_folder`] takes them, sorted; at most 50.
#[must_use]
pub fn cluster_names() -> Vec<String> {
    let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders(Path::new(SETTINGS_FOLDERS))
        .flat_map(|version| {
            let named = folders(&version.path()).map(move |name| (version.file_name(), name.file_name()));
            named.collect::<Vec<_>>()
        })
        .filter_map(|(version, name)| Some(format!("{}/{}", version.to_str()?, name.to_str()?)))
        .take(CLUSTERS_MAX)
        .collect();
    names.sort();
    names
}

fn data_folder_at(cluster_name: &str, settings: &Path) -> io::Result<PathBuf> {
    let unknown = || io::Error::from(io::ErrorKind::NotFound);
    let (version, name) = cluster_name.split_once('/').ok_or_else(unknown)?;
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !plain(version) || !plain(name) {
        return Err(unknown());
    }
    let text = fs::read_to_string(settings.join(version).join(name).join("postgresql.conf"))?;
    let value = |line: &str| {
        let value = line
            .trim_start()
            .strip_prefix("data_directory")?
            .trim_start()
            .strip_prefix('=')?;
        Some(PathBuf::from(value.split('\'').nth(1)?))
    };
    // The last one counts, as PostgreSQL reads it.
    text.lines().rev().find_map(value).ok_or_else(unknown)
}

/// Makes a cluster; it is not started.
///
/// # Errors
/// [`ClusterError::Run`] with what the program said.
pub fn create(new: &NewCluster) -> Result<(), ClusterError> {
    let version = new.version.to_string();
    let mut call = Call::new(Program::PgCreatecluster)
        // Not started by a boot before it has our settings; they include that it is from then on.
        .with(["--start-conf=manual", "--locale=C.UTF-8", "--encoding=UTF8"])
        .with(["--pgoption", MADE_BY_US]);
    if let Some(port) = new.port {
        call = call.with(["--port", &port.to_string()]);
    }
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
    let mut changed = Written::Same;
    for (name, text, mode) in FILES {
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
    for (name, text, _) in FILES {
        if write::read(&cluster.settings_folder.join(name))?.as_deref() != Some(text.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether [`create`] made it, so that its settings are ours to write.
///
/// # Errors
/// [`ClusterError::Write`].
pub fn is_made_by_us(cluster: &Cluster) -> Result<bool, ClusterError> {
    let settings = write::read(&cluster.settings_folder.join("postgresql.conf"))?.unwrap_or_default();
    let (name, _) = MADE_BY_US.split_once('=').unwrap_or_default();
    let text = String::from_utf8_lossy(&settings);
    Ok(text.lines().any(|line| line.starts_with(name)))
}

/// Writes a database of a cluster into an open file, in PostgreSQL's custom format; runs as `postgres`, which need not
/// reach the file's place.
///
/// # Errors
/// [`ClusterError`].
pub fn dump(cluster: &Cluster, database: &str, archive: File) -> Result<(), ClusterError> {
    let call = Call::new(Program::PgDump)
        .with([
            named(cluster).as_str(),
            "--format=custom",
            "--compress=1",
            "--no-password",
        ])
        .with(["--dbname", database])
        .as_account(superuser()?)
        .in_folder(Path::new("/"))
        .to_file(archive);
    call.within(ARCHIVE_DEADLINE).run()?;
    Ok(())
}

/// Reads such a file into an empty database of the cluster; the first failure ends it.
///
/// # Errors
/// [`ClusterError`].
pub fn restore(cluster: &Cluster, database: &str, archive: File) -> Result<(), ClusterError> {
    let call = Call::new(Program::PgRestore)
        .with([named(cluster).as_str(), "--exit-on-error", "--no-password"])
        .with(["--dbname", database])
        .as_account(superuser()?)
        .from_file(archive);
    call.within(ARCHIVE_DEADLINE).run()?;
    Ok(())
}

/// How postgresql-common's programs are told the cluster (pg_wrapper(1)).
fn named(cluster: &Cluster) -> String {
    format!("--cluster={}/{}", cluster.version, cluster.name)
}

fn superuser() -> Result<Account, ClusterError> {
    Account::named("postgres").ok_or(ClusterError::NoAccount)
}

/// Starts a cluster, starts it anew, or stops it. With systemd this goes through its unit.
///
/// # Errors
/// [`ClusterError::Run`] with what the server said.
pub fn control(cluster: &Cluster, verb: Verb) -> Result<(), ClusterError> {
    let version = cluster.version.to_string();
    let call = Call::new(Program::PgCtlcluster).with([version.as_str(), &cluster.name, verb.as_str()]);
    call.within(verb.deadline()).run()?;
    Ok(())
}

/// What [`control`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop and start it.
    Restart,
    /// Stop it, with a checkpoint.
    Stop,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Stop => "stop",
        }
    }

    fn deadline(self) -> Duration {
        match self {
            Self::Start => START_DEADLINE,
            Self::Restart | Self::Stop => STOP_DEADLINE,
        }
    }
}

/// A setting of a class that PostgreSQL does not know and keeps as it is.
const MADE_BY_US: &str = "strongroom.made_by=setup";

/// Our files among a cluster's settings, with their modes.
const FILES: [(&str, &str, u32); 4] = [
    ("conf.d/strongroom.conf", SETTINGS, 0o644),
    ("pg_hba.conf", ADMISSION, 0o640),
    ("pg_ident.conf", IDENTITIES, 0o640),
    ("start.conf", START, 0o644),
];

const START: &str = "# Written by `strongroom setup`: the cluster starts with the machine (pg_createcluster(1), STARTUP CONTROL).
auto
";

const SETTINGS: &str = "# Written by `strongroom setup`, which writes it again when it differs.
# Reached by its unix socket only.
listen_addresses = ''
ssl = off
password_encryption = 'scram-sha-256'
# What was acknowledged is on disk; these are PostgreSQL's defaults, pinned.
fsync = on
full_page_writes = on
synchronous_commit = on
# What was archived is removed and not written over later: a deleted organization's old pages go with it.
wal_recycle = off
# The values of statements are records; they do not belong into a log.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
";

pub(crate) const ADMISSION: &str = "# Written by `strongroom setup`, which writes it again when it differs.
# The superuser is whoever is postgres or root on this machine; everybody else has a password.
local  all          postgres  peer map=strongroom
local  replication  postgres  peer map=strongroom
local  all          all       scram-sha-256
";

pub(crate) const IDENTITIES: &str = "# Written by `strongroom setup`, which writes it again when it differs.
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
    fn the_data_folder_is_what_the_settings_say_last_and_names_lead_nowhere_else() {
        let settings = tempfile::tempdir().unwrap();
        let folder = settings.path().join("17/main");
        fs::create_dir_all(&folder).unwrap();
        let text =
            "#data_directory = 'ConfigDir'\ndata_directory = '/old' # x\n data_directory='/srv/data'\n";
        fs::write(folder.join("postgresql.conf"), text).unwrap();
        assert_eq!(
            data_folder_at("17/main", settings.path()).unwrap(),
            Path::new("/srv/data")
        );
        for other in ["", "main", "17/../main", "17/other", "/main"] {
            assert!(data_folder_at(other, settings.path()).is_err(), "{other}");
        }
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
