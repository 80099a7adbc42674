//! The configuration: one validated value, made from the file and the environment.
//!
//! Invariant: a [`Config`] exists only valid; it holds where secrets lie, never a secret. Start at [`Config::load`].

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use crate::backup::Backup;
use crate::checker::Checker;
use crate::environment::Environment;
use crate::file::File;
use crate::network::Network;
use crate::places::Places;
use crate::problem::{ConfigError, Problem};
use crate::secret::SecretSource;
use crate::target::Target;
use crate::window::Window;
use crate::{inspect, sections};

/// Where the file lies if nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/strongroom/strongroom.toml";

/// Most targets of `[outgoing]`.
pub const TARGETS_MAX: usize = 64;

/// What must be known before the database opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Where the server listens and what it is called.
    pub listen: Listen,
    /// The server's certificate and protocol floor.
    pub tls: Tls,
    /// The database.
    pub database: Database,
    /// The root key.
    pub keys: Keys,
    /// What one client may ask for.
    pub limits: Limits,
    /// How long sessions live.
    pub session: Session,
    /// The worker.
    pub worker: Worker,
    /// The log.
    pub log: Log,
    /// Who on other machines may be reached.
    pub outgoing: Outgoing,
    /// When the machine may be disturbed.
    pub updates: Updates,
    /// Where backups lie, and for how long.
    pub backup: Backup,
    /// Where the signed audit log lies.
    pub audit: Audit,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The folder of tiles, checkpoint, and what was signed last; default `/var/lib/strongroom/audit`. No restore of the database
    /// may touch it.
    pub folder: PathBuf,
}

/// `[listen]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Where HTTPS is served; default `[::]:443`.
    pub https: SocketAddr,
    /// Where plain HTTP is answered with a redirect; default nowhere.
    pub http: Option<SocketAddr>,
    /// The one address that links are made from; https, no path. Default `https://localhost` with the port of `https`.
    pub base_url: Url,
    /// The proxies whose `X-Forwarded-For` is believed; default none.
    pub trusted_proxies: Vec<Network>,
}

/// `[tls]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, in PEM. Required.
    pub certificate: PathBuf,
    /// The private key, in PEM. Required.
    pub key: SecretSource,
    /// The oldest protocol that is answered; default TLS 1.3.
    pub minimum: TlsMinimum,
    /// The authority that is asked for certificates by itself; default none.
    pub acme: Option<Acme>,
}

/// `[tls.acme]`: an authority that speaks ACME (RFC 8555).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// Its directory; https. Required in this section.
    pub directory: Url,
    /// The certificates in PEM that this authority's own server is trusted by; default those of the machine.
    pub trust: Option<PathBuf>,
    /// The folder in which proofs for the authority lie, answered over plain HTTP; default `/run/strongroom-acme`.
    pub proofs: PathBuf,
}

/// The oldest TLS that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMinimum {
    /// TLS 1.2, with forward-secret AEAD ciphers only; the promise register says so.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The folder of PostgreSQL's unix socket. Required.
    pub host: PathBuf,
    /// The port, which names the socket; default 5432.
    pub port: u16,
    /// The database's name. Required.
    pub name: String,
    /// The login for the control schema. Required.
    pub user: String,
    /// Its password; none where PostgreSQL knows the peer.
    pub password_file: Option<SecretSource>,
    /// The most connections of this process, all organizations together; default 40, 4 to 1000.
    pub connections_max: u32,
    /// The longest statement of a request, in seconds; default 30, 1 to 3600.
    pub statement_seconds_max: u32,
}

/// `[keys]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The root key. Required.
    pub root_file: SecretSource,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of a request that is no upload; default 1 MiB, 1 KiB to 64 MiB.
    pub body_bytes_max: u64,
    /// The longest uploaded file; default 1 GiB, not below `body_bytes_max`, up to 1 TiB.
    pub upload_bytes_max: u64,
    /// Requests of one account or address in a minute; default 600, 1 to 1,000,000.
    pub requests_per_minute: u32,
    /// Open connections of one address; default 64, 1 to 100,000.
    pub connections_per_address: u32,
    /// Tries to sign in from one address in a minute; default 10, 1 to 1000.
    pub sign_in_per_minute: u32,
}

/// `[session]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// A session without a request for this long ends; default 900 (15 minutes), 60 to 86,400.
    pub idle_seconds_max: u32,
    /// Every session ends after this long; default 43,200 (12 hours), not below `idle_seconds_max`, up to 7 days.
    pub absolute_seconds_max: u32,
}

/// `[worker]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Jobs that run side by side; default 2, 1 to 64.
    pub jobs_parallel_max: u32,
    /// The worker looks for jobs at least this often, notified or not; default 5 seconds, 1 to 300.
    pub poll_seconds: u32,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What is logged, as `tracing` reads filters; `STRONGROOM_LOG` goes before it; default `info`.
    pub filter: String,
}

/// `[outgoing]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The only places on other machines that the daemons may connect to, over TCP; default none, at most
    /// [`TARGETS_MAX`], each once.
    pub targets: Vec<Target>,
}

/// `[updates]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// When services, and the machine, may be started anew, in the machine's own time; default `02:00-05:00`.
    pub window: Window,
    /// Whether the machine is started anew where only that helps; default [`RebootSetting::Report`].
    pub reboot: RebootSetting,
}

/// What becomes of a wish for a reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebootSetting {
    /// It is told, and left to the administrator: `report`.
    Report,
    /// The machine is started anew in the window: `in-window`.
    InWindow,
}

impl Config {
    /// Reads the file at `path`, or the one that `STRONGROOM_CONFIG` names, or [`DEFAULT_PATH`]. Blocks on the file
    /// system; the files that it names are not opened ([`Config::check`] does).
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`], or [`ConfigError::Invalid`] with every problem of the file.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(path, &Environment::of_process())
    }

    /// The same in a given environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let path = Self::place(path, environment);
        let environment = &environment.with_credentials_beside(&path);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path, environment),
            Err(source) => Err(ConfigError::Unreadable { path, source }),
        }
    }

    /// Where the file lies: at `path`, or else where [`Config::load`] looks for it.
    pub fn place(path: Option<&Path>, environment: &Environment) -> PathBuf {
        let default = || {
            environment
                .config_path
                .clone()
                .unwrap_or_else(|| DEFAULT_PATH.into())
        };
        path.map_or_else(default, Path::to_owned)
    }

    /// Reads a text as if it stood in the file `path`. Touches no file.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every problem of the text.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let places = Places::of(text);
        let mut checker = Checker::new(path, &places, environment);
        let config = match toml::from_str::<File>(text) {
            Ok(file) => sections::config(file, &mut checker),
            Err(error) => {
                checker.syntax(&error);
                None
            }
        };
        match (config, checker.into_problems()) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(ConfigError::Invalid { problems }),
        }
    }

    /// Every problem of the file at `path` (found as by [`Config::load`]) and of the files that it names: missing,
    /// not readable, open to others. None means that the daemons start with it. Run it as the service's user, or
    /// as root; credentials are looked at inside the unit only.
    pub fn check(path: Option<&Path>) -> Vec<Problem> {
        Self::check_with(path, &Environment::of_process())
    }

    /// The same in a given environment.
    pub fn check_with(path: Option<&Path>, environment: &Environment) -> Vec<Problem> {
        match Self::load_with(path, environment) {
            Ok(config) => inspect::files(&config),
            Err(ConfigError::Invalid { problems }) => problems,
            Err(ConfigError::Unreadable { path, source }) => vec![inspect::unreadable(&path, &source)],
        }
    }

    /// Where the platform may connect to on other machines because a setting says so. The database is none of them: it
    /// is reached over a unix socket.
    pub fn outside_targets(&self) -> Vec<Target> {
        // Every section stands here, so that nobody adds one without a thought to what it reaches.
        let Self {
            path: _,
            listen: _,
            tls: _,
            database: _,
            keys: _,
            limits: _,
            session: _,
            worker: _,
            log: _,
            updates: _,
            // Root's own commands reach the second location; no daemon does.
            backup: _,
            audit: _,
            outgoing: Outgoing { targets },
        } = self;
        targets.clone()
    }

    /// The log filter: `STRONGROOM_LOG`, or else the file's.
    pub fn log_filter<'a>(&'a self, environment: &'a Environment) -> &'a str {
        environment.log_filter.as_deref().unwrap_or(&self.log.filter)
    }
}

impl TlsMinimum {
    /// As written in the file: `1.2`, `1.3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            TlsMinimum::Tls12 => "1.2",
            TlsMinimum::Tls13 => "1.3",
        }
    }
}

#[cfg(test)]
mod tests;
