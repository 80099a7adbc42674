//! Everything a client needs to sign in to PostgreSQL over the unix socket.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::secret;

/// One role in one database. `Debug` does not show the password.
#[derive(Clone)]
pub struct Login {
    /// Folder of the unix socket (libpq's `host`).
    pub socket_folder: PathBuf,
    /// Names the socket file.
    pub port: u16,
    /// Role.
    pub user: String,
    /// Password of the role.
    pub password: String,
    /// Database.
    pub database: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}@{}:{}/{}",
            self.user,
            self.socket_folder.display(),
            self.port,
            self.database
        )
    }
}

impl Login {
    /// The same role in another database.
    pub fn in_database(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    /// libpq's connection string without the password, fit for an argument list.
    pub fn conninfo(&self) -> String {
        let quote = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
        format!(
            "host={} port={} user={} dbname={}",
            quote(&self.socket_folder.to_string_lossy()),
            self.port,
            quote(&self.user),
            quote(&self.database)
        )
    }

    /// Writes a password file (mode 0600) for libpq's programs; name it in `PGPASSFILE`.
    pub fn write_password_file(&self, path: &Path) -> Result<()> {
        secret::write_private(path, &format!("*:*:*:{}:{}\n", self.user, self.password))
    }

    /// The settings for tokio-postgres.
    #[cfg(feature = "database")]
    pub fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&self.socket_folder)
            .port(self.port)
            .user(&self.user)
            .password(&self.password)
            .dbname(&self.database)
            .application_name("strongroom-testkit");
        config
    }

    /// Connects; the connection lives in a task of the current runtime until the client is dropped.
    #[cfg(feature = "database")]
    pub async fn connect(&self) -> Result<tokio_postgres::Client> {
        use anyhow::Context;

        let connected = self.config().connect(tokio_postgres::NoTls).await;
        let (client, connection) = connected.with_context(|| format!("cannot connect as {self:?}"))?;
        tokio::spawn(connection);
        Ok(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            socket_folder: PathBuf::from("/srv/it's"),
            port: 5432,
            user: "postgres".to_owned(),
            password: "hush".to_owned(),
            database: "postgres".to_owned(),
        }
    }

    #[test]
    fn the_password_shows_in_neither_debug_nor_conninfo() {
        let login = login();
        assert!(!format!("{login:?}").contains("hush"));
        assert_eq!(
            login.conninfo(),
            "host='/srv/it\\'s' port=5432 user='postgres' dbname='postgres'"
        );
    }
}
