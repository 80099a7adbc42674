//! `strongroom database`

mod upgrade;

use super::Common;
use crate::{failure::CommandError, host, output, secret};
use clap::{Args, Subcommand};
use config::Config;
use platform::database::{self, AdminAccess, Upgraded};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Database {
    /// Make the database and its roles if they are not there, and migrate; running it again does no harm
    Prepare(Admin),
    /// Bring every schema to this program's version
    Migrate(Migrate),
    /// Show the schemas' version and the steps that are left
    Status(Admin),
    /// Bring the appliance's cluster to a newer major version of PostgreSQL, with a way back
    Upgrade(upgrade::Upgrade),
}

/// How the cluster's superuser signs in.
#[derive(Debug, Args)]
pub(super) struct Admin {
    /// Folder of the unix socket; the configuration's if not given
    #[arg(long, value_name = "FOLDER")]
    admin_socket_folder: Option<PathBuf>,
    /// Port that names the socket; the configuration's if not given
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// The cluster's superuser
    #[arg(long, value_name = "ROLE", default_value = "postgres")]
    admin_user: String,
    /// File with its password, readable by its owner only; none where PostgreSQL knows the peer
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    admin: Admin,
    /// Another database of the cluster, such as a rehearsal's; the configuration's if not given
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
}

impl Admin {
    pub(super) fn access(&self, config: &Config) -> Result<AdminAccess, CommandError> {
        let file = self.admin_password_file.as_deref();
        let folder = self.admin_socket_folder.as_ref();
        Ok(AdminAccess {
            socket_folder: folder.unwrap_or(&config.database.host).clone(),
            port: self.admin_port.unwrap_or(config.database.port),
            user: self.admin_user.clone(),
            password: file.map(secret::read_file).transpose()?,
        })
    }
}

impl Database {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let config = Config::load(common.config.as_deref())?;
        match self {
            Self::Upgrade(upgrade) => upgrade.run(common),
            Self::Prepare(admin) => prepare(common, &config, &admin.access(&config)?),
            Self::Migrate(migrate) => {
                let access = migrate.admin.access(&config)?;
                let mut config = config;
                if let Some(database) = &migrate.database {
                    config.database.name.clone_from(database);
                }
                let upgraded = host::block_on(async { Ok(database::migrate(&access, &config).await?) })?;
                show(common, &config, false, &upgraded)
            }
            Self::Status(admin) => status(common, &config, &admin.access(&config)?),
        }
    }
}

fn prepare(common: &Common, config: &Config, admin: &AdminAccess) -> Result<(), CommandError> {
    let prepared = host::block_on(async { Ok(database::prepare(admin, config).await?) })?;
    show(common, config, prepared.created, &prepared.upgraded)
}

fn show(common: &Common, config: &Config, created: bool, upgraded: &Upgraded) -> Result<(), CommandError> {
    let Upgraded {
        from,
        to,
        organizations,
    } = upgraded;
    let said = if from == to {
        format!("the database {} is at version {to}", config.database.name)
    } else {
        format!(
            "the database {} went from version {from} to {to}",
            config.database.name
        )
    };
    output::talk(&said);
    let pairs = [
        ("created", created.to_string()),
        ("from", from.to_string()),
        ("to", to.to_string()),
        ("organizations migrated", organizations.to_string()),
    ];
    let json = json!({"created": created, "from": from, "to": to, "organizations": organizations});
    common.format().thing(&pairs, &json)
}

fn status(common: &Common, config: &Config, admin: &AdminAccess) -> Result<(), CommandError> {
    let status = host::block_on(async { Ok(database::status(admin, config).await?) })?;
    let pairs = [
        ("version", status.version.to_string()),
        ("pending", status.pending.join(", ")),
        ("organizations behind", status.organizations_behind.to_string()),
    ];
    let json = json!({
        "version": status.version,
        "pending": status.pending,
        "organizations_behind": status.organizations_behind,
    });
    common.format().thing(&pairs, &json)
}
