//! The command line's own settings: which server, which organization, and where the token lies.
//!
//! Invariant: only https; the token itself never stands in this file or in the environment. Start at
//! [`ClientConfig::load`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::checker::Checker;
use crate::environment::Environment;
use crate::places::Places;
use crate::problem::ConfigError;
use crate::secret::SecretSource;

/// What the command line knows without being told by an option. Every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientConfig {
    /// The server: https, no path.
    pub url: Option<Url>,
    /// The certificate authority of the server, in PEM, where the system does not know it.
    pub ca_file: Option<PathBuf>,
    /// The file with the API token, readable by its owner only.
    pub token_file: Option<SecretSource>,
    /// The organization that commands are about.
    pub organization: Option<String>,
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    url: Option<String>,
    ca_file: Option<String>,
    token_file: Option<String>,
    organization: Option<String>,
}

impl ClientConfig {
    /// Reads the file at `path`, or `strongroom/client.toml` in the person's settings folder; environment variables
    /// go before what it says. That the second is not there is no error. Blocks on the file system.
    ///
    /// # Errors
    /// [`ConfigError`], with every problem of the file.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(path, &Environment::of_process())
    }

    /// The same in a given environment.
    ///
    /// # Errors
    /// As [`ClientConfig::load`].
    pub fn load_with(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let default = Self::default_path(environment);
        let Some(file) = path.or(default.as_deref()) else {
            return Self::parse("", Path::new("the environment"), environment);
        };
        match fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, file, environment),
            Err(source) if path.is_none() && source.kind() == io::ErrorKind::NotFound => {
                Self::parse("", file, environment)
            }
            Err(source) => Err(ConfigError::Unreadable {
                path: file.to_owned(),
                source,
            }),
        }
    }

    /// Where the file lies if nothing else is said.
    pub fn default_path(environment: &Environment) -> Option<PathBuf> {
        environment
            .settings_folder
            .as_ref()
            .map(|folder| folder.join("strongroom/client.toml"))
    }

    /// Reads a text as if it stood in the file `path`. Touches no file.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every problem of the text.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let places = Places::of(text);
        let mut checker = Checker::new(path, &places, environment);
        let written = toml::from_str::<Written>(text).unwrap_or_else(|error| {
            checker.syntax(&error);
            Written::default()
        });
        let config = validate(written, environment, &mut checker);
        let problems = checker.into_problems();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Invalid { problems })
        }
    }
}

/// What the environment says goes first; a problem is then the variable's, not the file's.
fn first(
    variable: &'static str,
    said: Option<&String>,
    key: &'static str,
    written: Option<String>,
) -> Option<(&'static str, String)> {
    said.map(|value| (variable, value.clone()))
        .or_else(|| written.map(|value| (key, value)))
}

fn validate(written: Written, environment: &Environment, checker: &mut Checker<'_>) -> ClientConfig {
    let url = first(
        "STRONGROOM_URL",
        environment.client_url.as_ref(),
        "url",
        written.url,
    );
    let ca = environment.client_ca_file.as_ref();
    let ca_file = first("STRONGROOM_CA_FILE", ca, "ca_file", written.ca_file);
    let token = environment.client_token_file.as_ref();
    let token_file = first("STRONGROOM_TOKEN_FILE", token, "token_file", written.token_file);
    let organization = environment.client_organization.clone().or(written.organization);
    ClientConfig {
        url: url.and_then(|(key, value)| checker.base_url(key, &value)),
        ca_file: ca_file.and_then(|(key, value)| checker.path(key, value)),
        token_file: token_file.and_then(|(key, value)| checker.secret(key, value)),
        organization: organization.filter(|name| !name.trim().is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const FILE: &str = "url = \"https://vault.example.org:8443\"\nca_file = \"/etc/ca.pem\"\n\
                        token_file = \"/home/ada/token\"\norganization = \"acme\"\n";

    fn parse(text: &str, environment: &Environment) -> Result<ClientConfig, ConfigError> {
        ClientConfig::parse(
            text,
            Path::new("/home/ada/.config/strongroom/client.toml"),
            environment,
        )
    }

    #[test]
    fn a_file_says_server_authority_token_and_organization() {
        let config = parse(FILE, &Environment::default()).unwrap();
        assert_eq!(config.url.unwrap().as_str(), "https://vault.example.org:8443/");
        assert_eq!(config.ca_file, Some("/etc/ca.pem".into()));
        assert_eq!(
            config.token_file,
            Some(SecretSource::File("/home/ada/token".into()))
        );
        assert_eq!(config.organization.as_deref(), Some("acme"));
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let environment = Environment {
            client_url: Some("https://other.example.org".to_owned()),
            client_organization: Some("beta".to_owned()),
            ..Environment::default()
        };
        let config = parse(FILE, &environment).unwrap();
        assert_eq!(config.url.unwrap().as_str(), "https://other.example.org/");
        assert_eq!(config.organization.as_deref(), Some("beta"));
        assert_eq!(config.ca_file, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn a_missing_default_file_is_empty_and_a_missing_named_one_is_refused() {
        let folder = TempDir::new().unwrap();
        let environment = Environment {
            settings_folder: Some(folder.path().to_owned()),
            ..Environment::default()
        };
        assert_eq!(
            ClientConfig::load_with(None, &environment).unwrap(),
            ClientConfig::default()
        );
        assert_eq!(
            ClientConfig::load_with(None, &Environment::default()).unwrap(),
            ClientConfig::default()
        );
        let named = ClientConfig::load_with(Some(&folder.path().join("gone.toml")), &environment);
        assert!(matches!(named, Err(ConfigError::Unreadable { .. })));
        std::fs::create_dir(folder.path().join("strongroom")).unwrap();
        std::fs::write(folder.path().join("strongroom/client.toml"), FILE).unwrap();
        assert_eq!(
            ClientConfig::load_with(None, &environment)
                .unwrap()
                .organization
                .as_deref(),
            Some("acme")
        );
    }

    #[test]
    fn plain_http_relative_paths_and_unknown_keys_are_refused_with_their_places() {
        let error = parse(
            "url = \"http://a\"\nca_file = \"ca.pem\"\n",
            &Environment::default(),
        )
        .unwrap_err();
        let token = parse("token = \"srt_x\"\n", &Environment::default()).unwrap_err();
        let environment = Environment {
            client_url: Some("strongroom.example.org".to_owned()),
            ..Environment::default()
        };
        let variable = parse(FILE, &environment).unwrap_err();
        insta::assert_snapshot!("client_refusals", format!("{error}\n{token}\n{variable}"));
    }
}
