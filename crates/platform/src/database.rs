//! The appliance's database: made, migrated and looked at by the operator, who lends the cluster's superuser.
//!
//! Invariant: the superuser's login is used here only, for as long as one call takes, and is kept nowhere.

use crate::{
    error::{Failure, PlatformError, Result},
    workspace::random,
};
use config::Config;
use std::path::PathBuf;
use store::{
    Address, Login, StoreError,
    connect::{self, Client},
    database,
    migration::{self, MigrationError},
};
use types::ProblemCode;
use vault::SecretText;

pub use store::database::{SCRATCH, Upgraded};

/// How the cluster's superuser signs in.
#[derive(Debug)]
pub struct AdminAccess {
    /// The folder of the unix socket.
    pub socket_folder: PathBuf,
    /// The port that names the socket.
    pub port: u16,
    /// The superuser, usually `postgres`.
    pub user: String,
    /// Its password; none where PostgreSQL knows the peer.
    pub password: Option<SecretText>,
}

/// What [`prepare`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The database was made by this call.
    pub created: bool,
    /// The migration.
    pub upgraded: Upgraded,
}

/// Where the database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Version of the control schema.
    pub version: i32,
    /// Names of the steps that [`migrate`] would run.
    pub pending: Vec<&'static str>,
    /// Organizations' schemas that are behind.
    pub organizations_behind: i64,
}

/// Makes the database and its roles if they are not there, sets the application's password to the one that the
/// configuration names, and migrates. Running it again does no harm.
///
/// # Errors
/// `unavailable` with what to look at; `conflict` when the program is older than the database.
pub async fn prepare(admin: &AdminAccess, config: &Config) -> Result<Prepared> {
    let password = application_password(config)?;
    let name = &config.database.name;
    let cluster = admin.connect("postgres").await?;
    let created = database::ensure(&cluster, name).await?;
    let client = admin.connect(name).await?;
    migration::bootstrap(&client, password.expose())
        .await
        .map_err(unmigrated)?;
    let upgraded = database::upgrade(&client).await.map_err(unmigrated)?;
    Ok(Prepared { created, upgraded })
}

/// Brings the control schema and every organization's schema to this program's version.
///
/// # Errors
/// As [`prepare`]; nothing is changed when the program is older than the database.
pub async fn migrate(admin: &AdminAccess, config: &Config) -> Result<Upgraded> {
    let client = admin.connect(&config.database.name).await?;
    database::upgrade(&client).await.map_err(unmigrated)
}

/// Makes the empty database [`SCRATCH`] for a rehearsal, with the owner and the rights of the appliance's, in the place of
/// one that was left.
///
/// # Errors
/// As [`prepare`].
pub async fn make_scratch(admin: &AdminAccess) -> Result<()> {
    drop_scratch(admin).await?;
    let cluster = admin.connect("postgres").await?;
    database::ensure(&cluster, SCRATCH).await?;
    let client = admin.connect(SCRATCH).await?;
    migration::own_database(&client).await.map_err(unmigrated)
}

/// Removes the database [`SCRATCH`], if it is there.
///
/// # Errors
/// As [`prepare`].
pub async fn drop_scratch(admin: &AdminAccess) -> Result<()> {
    let cluster = admin.connect("postgres").await?;
    Ok(database::drop_scratch(&cluster, SCRATCH).await?)
}

/// Where the database stands.
///
/// # Errors
/// As [`migrate`].
pub async fn status(admin: &AdminAccess, config: &Config) -> Result<Status> {
    let client = admin.connect(&config.database.name).await?;
    let found = migration::status(&client).await.map_err(unmigrated)?;
    Ok(Status {
        version: database::version(&found),
        pending: found.pending,
        organizations_behind: found.organizations_behind,
    })
}

/// The application's password; where PostgreSQL is to know the peer, one that nobody knows.
fn application_password(config: &Config) -> Result<SecretText> {
    match &config.database.password_file {
        None => Ok(SecretText::new(hex::encode(random::<32>()?))),
        Some(source) => {
            let secret = config::read_secret(source);
            let secret = secret.map_err(|error| PlatformError {
                source: Some(Failure::Vault(error.to_string())),
                ..PlatformError::new(ProblemCode::Unavailable, error.to_string())
            })?;
            Ok(SecretText::new(secret.expose().to_owned()))
        }
    }
}

fn unmigrated(error: MigrationError) -> PlatformError {
    match error {
        MigrationError::Store(error) => error.into(),
        MigrationError::DatabaseIsNewer { .. }
        | MigrationError::Changed { .. }
        | MigrationError::OrganizationsRemain { .. } => {
            PlatformError::new(ProblemCode::Conflict, error.to_string())
        }
    }
}

impl AdminAccess {
    pub(crate) async fn connect(&self, database: &str) -> Result<Client> {
        let client = connect::connect(&self.address(database), &self.login()).await;
        client.map_err(|error| self.unreached(error))
    }

    fn address(&self, database: &str) -> Address {
        Address {
            socket_folder: self.socket_folder.clone(),
            port: self.port,
            database: database.to_owned(),
        }
    }

    fn login(&self) -> Login {
        let password = self.password.as_ref().map(SecretText::expose);
        Login {
            role: self.user.clone(),
            password: password.unwrap_or_default().to_owned(),
        }
    }

    fn unreached(&self, error: StoreError) -> PlatformError {
        let detail = format!(
            "cannot sign in to PostgreSQL as {} by the socket in {} (port {}); check that it runs, and user and password",
            self.user,
            self.socket_folder.display(),
            self.port
        );
        PlatformError {
            source: Some(Failure::Store(error)),
            ..PlatformError::new(ProblemCode::Unavailable, detail)
        }
    }
}
