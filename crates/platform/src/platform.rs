//! The platform: connections, keys, settings, clock. Cheap to clone; every use case begins here or in a workspace.

use crate::{
    access_log::{self, Recorder},
    act::{Act, Commitments, seal_entry, vault_failure},
    cache::Cache,
    caller::Caller,
    error::{PlatformError, Result},
    session::Known,
    workspace::{Home, random},
};
use jiff::Timestamp;
use std::sync::Arc;
use store::{Address, Login, NewEntry, control::Control, tenant::Tenants};
use types::{AccountId, Dataset, EntryId, OrganizationId};
use vault::{OrganizationKeys, PasswordHasher, RootKey, Strength};

/// What of the configuration the use cases need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The one base URL that links are made with.
    pub base_url: String,
    /// A session ends after so many seconds without a request.
    pub session_idle_seconds_max: u32,
    /// A session ends after so many seconds in any case.
    pub session_absolute_seconds_max: u32,
    /// Most bytes of an upload.
    pub upload_bytes_max: u64,
    /// Where the listener for HTTPS listens: what the promise of TLS is checked against.
    pub listener: Option<std::net::SocketAddr>,
    /// Where plain HTTP is answered with redirects, if anywhere.
    pub plain_listener: Option<std::net::SocketAddr>,
    /// The socket of the root helper.
    pub helper: std::path::PathBuf,
    /// Where settings let the platform connect to on other machines.
    pub outside_targets: Vec<config::Target>,
    /// The file in which root keeps what their names mean (`host::outgoing`).
    pub kept_targets: std::path::PathBuf,
    /// The folder in which bundles of updates are handed to root.
    pub spool: std::path::PathBuf,
    /// The folder in which root keeps what it knows of updates.
    pub updates: std::path::PathBuf,
    /// Where backups lie, and for how long.
    pub backup: config::Backup,
    /// The folder of the signed log: tiles, checkpoint, and what was signed last.
    pub audit: std::path::PathBuf,
    /// The database's unix socket.
    pub database_socket: std::path::PathBuf,
}

/// The platform.
#[derive(Clone)]
pub struct Platform {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    control: Control,
    tenants: Tenants,
    root: RootKey,
    keys: OrganizationKeys,
    hasher: Arc<PasswordHasher>,
    hashing: Arc<tokio::sync::Semaphore>,
    clock: fn() -> Timestamp,
    datasets: Cache<(OrganizationId, String), Arc<Dataset>>,
    homes: Cache<String, Arc<Home>>,
    standings: Cache<(OrganizationId, AccountId), crate::organization::MemberStanding>,
    known: Cache<[u8; 32], Known>,
    maintenance: Cache<(), Option<store::control::maintenance::Plan>>,
    clients: crate::provider::Clients,
    directories: directory::Pool,
    directory_tries: crate::directories::Tries,
    recorder: Recorder,
    pending_events: std::sync::Mutex<Option<access_log::Pending>>,
    routes: std::sync::OnceLock<Vec<crate::promise::RouteDeclaration>>,
    pages: std::sync::OnceLock<Vec<crate::promise::PageSource>>,
}

/// At most so many passwords are hashed at once, each with 19 MiB.
const HASHING_MAX: usize = 2;

/// Where and as whom to connect, out of the configuration.
fn address_of(config: &config::Config) -> Result<(Address, Login)> {
    let database = &config.database;
    let password = match &database.password_file {
        Some(source) => config::read_secret(source)
            .map_err(vault_failure)?
            .expose()
            .to_owned(),
        None => String::new(),
    };
    let address = Address {
        socket_folder: database.host.clone(),
        port: database.port,
        database: database.name.clone(),
    };
    Ok((
        address,
        Login {
            role: database.user.clone(),
            password,
        },
    ))
}

impl Platform {
    /// Opens the platform that the configuration describes, with the system's clock.
    ///
    /// # Errors
    /// `unavailable` when the database cannot be reached; `internal` with the cause when a key cannot be loaded.
    pub async fn open(config: &config::Config) -> Result<Self> {
        let settings = Settings {
            base_url: config
                .listen
                .base_url
                .to_string()
                .trim_end_matches('/')
                .to_owned(),
            session_idle_seconds_max: config.session.idle_seconds_max,
            session_absolute_seconds_max: config.session.absolute_seconds_max,
            upload_bytes_max: config.limits.upload_bytes_max,
            listener: Some(config.listen.https),
            plain_listener: config.listen.http,
            helper: host::helper::SOCKET.into(),
            outside_targets: config.outside_targets(),
            kept_targets: config.path.with_file_name(host::outgoing::KEPT_NAME),
            spool: host::updates::SPOOL.into(),
            updates: host::updates::FOLDER.into(),
            backup: config.backup.clone(),
            audit: config.audit.folder.clone(),
            // libpq's name for it (PQconnectdb, `host`).
            database_socket: config
                .database
                .host
                .join(format!(".s.PGSQL.{}", config.database.port)),
        };
        let (address, login) = address_of(config)?;
        let path = config.keys.root_file.path().map_err(vault_failure)?;
        let root = RootKey::load(&path).map_err(vault_failure)?;
        let connections = usize::try_from(config.database.connections_max).unwrap_or(usize::MAX);
        Self::open_with(settings, address, login, root, connections, Timestamp::now).await
    }

    /// Opens a platform out of its parts; `clock` is a parameter so that tests can set it.
    ///
    /// # Errors
    /// As [`Platform::open`].
    pub async fn open_with(
        settings: Settings,
        address: Address,
        login: Login,
        root: RootKey,
        connections_max: usize,
        clock: fn() -> Timestamp,
    ) -> Result<Self> {
        let control = Control::open(address.clone(), login, 8.min(connections_max)).await?;
        let keys = crate::key::appliance_keys(&control, &root, clock).await?;
        let hasher = PasswordHasher::new(Strength::default()).map_err(vault_failure)?;
        let (recorder, pending) = access_log::new_recorder();
        let inner = Inner {
            settings,
            control,
            tenants: Tenants::new(address, connections_max),
            root,
            keys,
            hasher: Arc::new(hasher),
            hashing: Arc::new(tokio::sync::Semaphore::new(HASHING_MAX)),
            clock,
            datasets: Cache::new(),
            homes: Cache::new(),
            standings: Cache::new(),
            known: Cache::new(),
            maintenance: Cache::new(),
            clients: crate::provider::Clients::new(),
            directories: directory::Pool::new(),
            directory_tries: crate::directories::Tries::default(),
            recorder,
            pending_events: std::sync::Mutex::new(Some(pending)),
            routes: std::sync::OnceLock::new(),
            pages: std::sync::OnceLock::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn control(&self) -> &Control {
        &self.inner.control
    }

    pub(crate) fn tenants(&self) -> &Tenants {
        &self.inner.tenants
    }

    pub(crate) fn root(&self) -> &RootKey {
        &self.inner.root
    }

    /// The appliance's own keys.
    pub(crate) fn appliance_keys(&self) -> &OrganizationKeys {
        &self.inner.keys
    }

    pub(crate) fn datasets(&self) -> &Cache<(OrganizationId, String), Arc<Dataset>> {
        &self.inner.datasets
    }

    pub(crate) fn homes(&self) -> &Cache<String, Arc<Home>> {
        &self.inner.homes
    }

    pub(crate) fn standings(
        &self,
    ) -> &Cache<(OrganizationId, AccountId), crate::organization::MemberStanding> {
        &self.inner.standings
    }

    pub(crate) fn known(&self) -> &Cache<[u8; 32], Known> {
        &self.inner.known
    }

    pub(crate) fn maintenance(&self) -> &Cache<(), Option<store::control::maintenance::Plan>> {
        &self.inner.maintenance
    }

    /// The clients of OpenID providers.
    pub(crate) fn clients(&self) -> &crate::provider::Clients {
        &self.inner.clients
    }

    /// What is remembered of directories' servers.
    pub(crate) fn directories(&self) -> &directory::Pool {
        &self.inner.directories
    }

    /// Wrong passwords at directories.
    pub(crate) fn directory_tries(&self) -> &crate::directories::Tries {
        &self.inner.directory_tries
    }

    /// Where access events are handed in.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.inner.recorder
    }

    /// The queue of access events, for the one task that writes them.
    pub(crate) fn take_pending_events(&self) -> Option<access_log::Pending> {
        self.inner
            .pending_events
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
    }

    /// What this process' pages are made of, once it is declared.
    pub(crate) fn pages(&self) -> Option<&[crate::promise::PageSource]> {
        self.inner.pages.get().map(Vec::as_slice)
    }

    /// Keeps the first declaration.
    pub(crate) fn keep_pages(&self, pages: Vec<crate::promise::PageSource>) {
        let _first = self.inner.pages.set(pages);
    }

    /// The routes that this process serves, once they are declared.
    pub(crate) fn routes(&self) -> Option<&[crate::promise::RouteDeclaration]> {
        self.inner.routes.get().map(Vec::as_slice)
    }

    /// Keeps the first declaration.
    pub(crate) fn keep_routes(&self, routes: Vec<crate::promise::RouteDeclaration>) {
        let _first = self.inner.routes.set(routes);
    }

    /// The clock itself, for what asks for the time more than once.
    pub(crate) fn clock(&self) -> fn() -> Timestamp {
        self.inner.clock
    }

    /// The time, whole microseconds, as the database keeps it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = (self.inner.clock)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millisecond()).unwrap_or(0)
    }

    pub(crate) fn new_entry_id(&self) -> Result<EntryId> {
        Ok(EntryId::new(self.now_ms(), random()?))
    }

    /// Seals an act on the appliance or on accounts into an entry of the appliance's log.
    pub(crate) fn entry(
        &self,
        caller: &Caller,
        organization: Option<OrganizationId>,
        act: &Act<'_>,
    ) -> Result<NewEntry> {
        let id = self.new_entry_id()?;
        seal_entry(
            &self.inner.keys,
            caller,
            organization,
            id,
            self.now(),
            act,
            Commitments::default(),
        )
    }

    /// Runs work on passwords off the request loop, a few at a time: each takes 19 MiB and tens of milliseconds.
    pub(crate) async fn hash_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> T + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.inner.hashing).acquire_owned().await;
        let permit = permit.map_err(|_| PlatformError::invariant("the hashing semaphore is closed"))?;
        let hasher = Arc::clone(&self.inner.hasher);
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&hasher)
        });
        task.await
            .map_err(|error| PlatformError::invariant(error.to_string()))
    }
}
