//! A private PostgreSQL cluster in a folder of its own, reached over a unix socket only.
//!
//! Invariants: no network listener; data, socket and secrets lie in folders that only their account (and root) can
//! enter; a second `start` with existing data is quick; the leftovers of a kill -9 are coped with.
//! Start at [`Cluster::open`].

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::process::Account;
use crate::secret;

pub mod binaries;
mod initialize;
pub mod login;
mod postmaster;
pub mod shared;

pub use binaries::Binaries;
pub use login::Login;
pub use postmaster::Status;

/// The superuser that initdb makes.
pub const SUPERUSER: &str = "postgres";

/// Names the socket file only: nothing listens on the network.
const PORT: u16 = 5432;

/// `sun_path` has 108 bytes with its final NUL (unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// What a commit is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// PostgreSQL's defaults: an acknowledged commit survives a crash of server and machine.
    Durable,
    /// Nothing is flushed and commits are acknowledged early: fast, and only for data that can be made anew.
    Volatile,
}

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// The folder of the cluster; made if absent. When we are root the user `postgres` must be able to reach it.
    pub folder: PathBuf,
    /// The server's programs.
    pub binaries: Binaries,
    /// What a commit is worth.
    pub durability: Durability,
    /// Further server settings as (name, value), given at each start.
    pub options: Vec<(String, String)>,
}

impl ClusterSettings {
    /// Durable, with the newest PostgreSQL of this machine and no further settings.
    pub fn durable(folder: impl Into<PathBuf>) -> Result<Self> {
        let binaries = Binaries::newest()?;
        Ok(Self {
            folder: folder.into(),
            binaries,
            durability: Durability::Durable,
            options: Vec::new(),
        })
    }
}

/// A cluster on disk, running or not. Dropping it leaves the server as it is.
#[derive(Debug, Clone)]
pub struct Cluster {
    settings: ClusterSettings,
    account: Account,
}

impl Cluster {
    /// Prepares the folders; the data is made at the first [`Cluster::start`].
    ///
    /// # Errors
    /// A folder that cannot be made, or a socket path that is too long for the kernel.
    pub fn open(settings: ClusterSettings) -> Result<Self> {
        let account = Account::for_postgres()?;
        fs::create_dir_all(&settings.folder)
            .with_context(|| format!("cannot make the folder {}", settings.folder.display()))?;
        let settings = ClusterSettings {
            folder: settings.folder.canonicalize()?,
            ..settings
        };
        let cluster = Self { settings, account };
        cluster.check_socket_path()?;
        make_folder(&cluster.socket_folder(), 0o700)?;
        cluster.account.own(&cluster.socket_folder())?;
        make_folder(&cluster.secrets_folder(), 0o700)?;
        Ok(cluster)
    }

    /// Starts the server, making the data first if there is none. Does nothing when it is ready already. Safe to call
    /// from several processes at once.
    ///
    /// # Errors
    /// With the end of the server's log when it does not come up.
    pub fn start(&self) -> Result<()> {
        let _lock = self.lock()?;
        if matches!(self.status(), Status::Ready { .. }) {
            return Ok(());
        }
        if !self.data_folder().join("PG_VERSION").exists() {
            initialize::initialize(self)?;
        }
        postmaster::start(self)
    }

    /// Stops the server in its fast mode (transactions are rolled back, a checkpoint is written) and waits for its end.
    pub fn stop(&self) -> Result<()> {
        let _lock = self.lock()?;
        postmaster::stop(self)
    }

    /// Kills the server and its backends with SIGKILL, as a power cut would as far as the server can tell.
    pub fn crash(&self) -> Result<()> {
        let _lock = self.lock()?;
        postmaster::crash(self)
    }

    /// Whether the server runs, told from its pid file and the process that the file names.
    pub fn status(&self) -> Status {
        postmaster::status(self)
    }

    /// The folder of the unix socket: the value for `host`.
    pub fn socket_folder(&self) -> PathBuf {
        self.settings.folder.join("socket")
    }

    /// The port, which names the socket file.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The server's programs.
    pub fn binaries(&self) -> &Binaries {
        &self.settings.binaries
    }

    /// The server's log.
    pub fn log_path(&self) -> PathBuf {
        self.settings.folder.join("postgres.log")
    }

    /// How the superuser signs in to a database of this cluster.
    pub fn superuser(&self, database: &str) -> Result<Login> {
        self.login(SUPERUSER, database)
    }

    /// How a role signs in. Its password is this cluster's for that name: whoever makes the role gives it
    /// [`Cluster::password`].
    pub fn login(&self, role: &str, database: &str) -> Result<Login> {
        Ok(Login {
            socket_folder: self.socket_folder(),
            port: self.port(),
            user: role.to_owned(),
            password: self.password(role)?,
            database: database.to_owned(),
        })
    }

    /// The password of a role by name: random, made at the first call and the same ever after.
    pub fn password(&self, role: &str) -> Result<String> {
        secret::read_or_create(&self.password_path(role)?)
    }

    /// The file (mode 0600, ours) that holds [`Cluster::password`]. The password must have been asked for once.
    pub fn password_path(&self, role: &str) -> Result<PathBuf> {
        let plain = role
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        ensure!(plain && !role.is_empty(), "the role name {role:?} is not plain");
        Ok(self.secrets_folder().join(role))
    }

    /// Removes the data of a cluster that does not run; the next start makes it anew.
    pub fn wipe(&self) -> Result<()> {
        let _lock = self.lock()?;
        ensure!(
            self.status() == Status::Stopped,
            "the cluster runs, so its data cannot be removed"
        );
        let data = self.data_folder();
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
        }
        Ok(())
    }

    fn data_folder(&self) -> PathBuf {
        self.settings.folder.join("data")
    }

    fn secrets_folder(&self) -> PathBuf {
        self.settings.folder.join("secrets")
    }

    /// Held while the server's state changes, against other processes that want the same.
    fn lock(&self) -> Result<File> {
        let path = self.settings.folder.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
        file.lock()?;
        Ok(file)
    }

    fn check_socket_path(&self) -> Result<()> {
        let socket = self.socket_folder().join(format!(".s.PGSQL.{PORT}"));
        let length = socket.as_os_str().len();
        ensure!(
            length <= SOCKET_PATH_BYTES_MAX,
            "the socket path {} has {length} bytes, the kernel allows {SOCKET_PATH_BYTES_MAX}: use a shorter folder",
            socket.display()
        );
        Ok(())
    }
}

fn make_folder(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(test)]
mod tests;
