//! The process environment, read once. The only module of the house that reads it.
//!
//! Invariant: everything else takes an [`Environment`] as a parameter, so tests say what stands in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder of the credentials' sources, beside the settings.
pub const CREDENTIALS: &str = "credentials";

/// The variables that Strongroom looks at; empty ones count as not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `STRONGROOM_CONFIG`: the configuration file.
    pub config_path: Option<PathBuf>,
    /// `CREDENTIALS_DIRECTORY`: where systemd put the unit's credentials.
    pub credentials_folder: Option<PathBuf>,
    /// `STRONGROOM_LOG`: the log filter.
    pub log_filter: Option<String>,
    /// `NO_COLOR` (<https://no-color.org>): set to anything but nothing.
    pub no_color: bool,
    /// `XDG_CONFIG_HOME`, or `.config` in `HOME`: where the person's own settings lie.
    pub settings_folder: Option<PathBuf>,
    /// `STRONGROOM_URL`: the server that the command line speaks to.
    pub client_url: Option<String>,
    /// `STRONGROOM_CA_FILE`: the certificate authority of that server.
    pub client_ca_file: Option<String>,
    /// `STRONGROOM_TOKEN_FILE`: the file with the API token.
    pub client_token_file: Option<String>,
    /// `STRONGROOM_ORGANIZATION`: the organization that commands are about.
    pub client_organization: Option<String>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// The same with the credentials' sources where systemd gave the process none: the folder `credentials` beside the
    /// settings, from which the units load them and which root alone may open. So `credential:NAME` means the same to
    /// the daemons and to root's commands.
    #[must_use]
    pub fn with_credentials_beside(&self, settings: &Path) -> Self {
        let beside = settings.parent().map(|folder| folder.join(CREDENTIALS));
        let there = beside.filter(|folder| folder.is_dir());
        Environment {
            credentials_folder: self.credentials_folder.clone().or(there),
            ..self.clone()
        }
    }

    /// The environment as `lookup` tells it. Values that are not UTF-8 count as not set, except paths.
    fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).and_then(|value| value.into_string().ok());
        let path = |name: &str| set(name).map(PathBuf::from);
        // The XDG base directory specification: relative paths are to be ignored.
        let xdg = path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        Environment {
            config_path: path("STRONGROOM_CONFIG"),
            credentials_folder: path("CREDENTIALS_DIRECTORY"),
            log_filter: text("STRONGROOM_LOG"),
            no_color: set("NO_COLOR").is_some(),
            settings_folder: xdg.or_else(|| path("HOME").map(|home| home.join(".config"))),
            client_url: text("STRONGROOM_URL"),
            client_ca_file: text("STRONGROOM_CA_FILE"),
            client_token_file: text("STRONGROOM_TOKEN_FILE"),
            client_organization: text("STRONGROOM_ORGANIZATION"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn empty_variables_count_as_not_set() {
        let names = [
            "STRONGROOM_CONFIG",
            "STRONGROOM_LOG",
            "NO_COLOR",
            "XDG_CONFIG_HOME",
            "HOME",
        ];
        assert_eq!(environment(&names.map(|name| (name, ""))), Environment::default());
    }

    #[test]
    fn no_color_is_set_by_any_value() {
        assert!(environment(&[("NO_COLOR", "0")]).no_color);
    }

    #[test]
    fn settings_lie_in_the_xdg_folder_or_else_below_home() {
        let folder = |pairs: &[(&str, &str)]| environment(pairs).settings_folder;
        assert_eq!(
            folder(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]),
            Some("/x".into())
        );
        assert_eq!(
            folder(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]),
            Some("/h/.config".into())
        );
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn credentials_outside_a_unit_are_their_sources_beside_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("strongroom.toml");
        let of = |pairs: &[(&str, &str)]| {
            environment(pairs)
                .with_credentials_beside(&settings)
                .credentials_folder
        };
        assert_eq!(of(&[]), None);
        std::fs::create_dir(folder.path().join("credentials")).unwrap();
        assert_eq!(of(&[]), Some(folder.path().join("credentials")));
        let unit = of(&[("CREDENTIALS_DIRECTORY", "/run/credentials/u")]);
        assert_eq!(unit, Some("/run/credentials/u".into()));
    }

    #[test]
    fn variables_are_read_by_their_names() {
        let environment = environment(&[
            ("STRONGROOM_CONFIG", "/c"),
            ("CREDENTIALS_DIRECTORY", "/run/credentials/u"),
            ("STRONGROOM_LOG", "debug"),
            ("STRONGROOM_URL", "https://a"),
        ]);
        assert_eq!(environment.config_path, Some("/c".into()));
        assert_eq!(environment.credentials_folder, Some("/run/credentials/u".into()));
        assert_eq!(environment.log_filter.as_deref(), Some("debug"));
        assert_eq!(environment.client_url.as_deref(), Some("https://a"));
    }
}
