//! `strongroom token`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    host, output, person, secret,
};
use clap::{Args, Subcommand};
use platform::{
    Platform,
    narrowing::NamedNarrowing,
    token::{self, NewToken},
};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use vault::SecretText;

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make an API token on the host, for a person who gives their password
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The organization that the token reaches
    #[arg(long, value_name = "SLUG")]
    organization: String,
    /// The person whose token it is
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// What the token is for
    #[arg(long)]
    name: String,
    /// How many days it lives
    #[arg(long, default_value_t = 90)]
    days: u16,
    /// Narrow it to these permissions; all that the person's role has if not given
    #[arg(long = "permission", value_name = "CODE")]
    permissions: Vec<String>,
    /// Let it see this dataset only; repeat for more
    #[arg(long = "dataset", value_name = "KEY")]
    datasets: Vec<String>,
    /// Let it be used from this address or network only; repeat for more
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<String>,
    /// File with the person's password; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write the token into a new file that only its owner can read, instead of to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Token {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let Self::Create(create) = self;
        let password = secret::read(
            create.password_file.as_deref(),
            &format!("Password of {}: ", create.email),
        )?;
        let file = common.config.as_deref();
        host::with_platform(file, async |platform, _| {
            create.run(common, platform, password).await
        })
    }
}

impl Create {
    async fn run(
        &self,
        common: &Common,
        platform: &Platform,
        password: SecretText,
    ) -> Result<(), CommandError> {
        let made = person::acting(platform, &self.email, password, async |caller| {
            self.make(platform, caller).await
        });
        let (token, secret) = made.await?;
        let json = json!({
            "id": token.id.to_string(),
            "name": token.name,
            "expires_at": token.expires_at.to_string(),
        });
        match &self.output {
            Some(path) => {
                write(path, secret.expose())?;
                output::talk(&format!("the token lies in {}", path.display()));
                common.format().thing(
                    &[
                        ("id", token.id.to_string()),
                        ("expires", token.expires_at.to_string()),
                    ],
                    &json,
                )
            }
            None => {
                output::talk("This is shown once; keep it in a file that only its user can read.");
                output::data(secret.expose())
            }
        }
    }

    async fn make(
        &self,
        platform: &Platform,
        caller: &platform::Caller,
    ) -> Result<(token::Token, vault::ApiToken), CommandError> {
        let workspace = platform.enter(caller, &self.organization).await?;
        let new = NewToken {
            name: self.name.clone(),
            days: self.days,
            permissions: (!self.permissions.is_empty()).then(|| self.permissions.clone()),
            narrowing: match self.datasets.is_empty() {
                true => NamedNarrowing::default(),
                false => NamedNarrowing::only(self.datasets.iter().cloned()),
            },
            networks: self.networks.clone(),
        };
        Ok(token::create(&workspace, new).await?)
    }
}

fn write(path: &Path, token: &str) -> Result<(), CommandError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = opened.map_err(|error| {
        let text = format!(
            "the token was made, but {} cannot be written ({error}); revoke it",
            path.display()
        );
        CommandError::said(Exit::Failed, text)
    })?;
    let written = file.write_all(format!("{token}\n").as_bytes());
    written.map_err(CommandError::io(format!("cannot write {}", path.display())))
}
