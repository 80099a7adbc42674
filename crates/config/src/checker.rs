//! Collects the problems of a file while its values are read.
//!
//! Invariant: a method that returns `None` for a value that was given, or missed, has noted a problem; so a section
//! is complete, or there is a problem that says why not.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use url::Url;

use crate::environment::Environment;
use crate::places::Places;
use crate::problem::{Place, Problem};
use crate::secret::SecretSource;

/// The problems of one file so far.
pub(crate) struct Checker<'a> {
    pub(crate) path: &'a Path,
    pub(crate) environment: &'a Environment,
    places: &'a Places<'a>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(path: &'a Path, places: &'a Places<'a>, environment: &'a Environment) -> Self {
        Checker {
            path,
            environment,
            places,
            problems: Vec::new(),
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes what is wrong with a key.
    pub(crate) fn note(&mut self, key: &str, what: impl Into<String>, advice: impl Into<String>) {
        let place = Place {
            file: self.path.to_owned(),
            position: self.places.of_key(key),
            key: key.to_owned(),
        };
        self.problems.push(Problem {
            what: what.into(),
            place,
            advice: advice.into(),
        });
    }

    /// Notes that the text is not TOML, or has a key or type that it should not.
    pub(crate) fn syntax(&mut self, error: &toml::de::Error) {
        let offset = error.span().map(|span| span.start);
        let place = Place {
            file: self.path.to_owned(),
            position: offset.map(|offset| self.places.position(offset)),
            key: offset.map_or("", |offset| self.places.key_at(offset)).to_owned(),
        };
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        let what = what.replace("expected i64", "expected a whole number");
        let advice = if what.starts_with("unknown field") {
            "remove it or correct its name"
        } else if what.starts_with("invalid type") {
            "write a value of that type"
        } else {
            "correct the line; the file is TOML 1.0 (https://toml.io)"
        };
        self.problems.push(Problem {
            what,
            place,
            advice: advice.to_owned(),
        });
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &str, value: Option<String>, example: &str) -> Option<String> {
        let value = value.filter(|value| !value.trim().is_empty());
        if value.is_none() {
            let name = key.rsplit('.').next().unwrap_or(key);
            self.note(
                key,
                "is not set",
                format!("set it, for example {name} = {example:?}"),
            );
        }
        value
    }

    /// A whole number within bounds.
    pub(crate) fn number<N: TryFrom<i64> + Copy>(
        &mut self,
        key: &str,
        value: Option<i64>,
        default: N,
        bounds: RangeInclusive<i64>,
    ) -> Option<N> {
        let Some(value) = value else {
            return Some(default);
        };
        let number = N::try_from(value).ok().filter(|_| bounds.contains(&value));
        if number.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            self.note(
                key,
                format!("{value} is out of bounds"),
                format!("set a number from {least} to {most}"),
            );
        }
        number
    }

    /// A path from the root, so that it does not depend on where the daemon was started.
    pub(crate) fn path(&mut self, key: &str, value: String) -> Option<PathBuf> {
        let path = PathBuf::from(value);
        if path.is_absolute() {
            return Some(path);
        }
        let what = format!("{:?} is no path from the root", path.display().to_string());
        self.note(key, what, "write the whole path, beginning with /");
        None
    }

    /// A file of its own, or a systemd credential: `credential:NAME`.
    pub(crate) fn secret(&mut self, key: &str, value: String) -> Option<SecretSource> {
        let Some(name) = value.strip_prefix("credential:") else {
            return self.path(key, value).map(SecretSource::File);
        };
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(letter) {
            let what = format!("{name:?} is no name of a credential");
            self.note(key, what, "use letters, digits, dashes, underscores and dots");
            return None;
        }
        let folder = self.environment.credentials_folder.clone();
        Some(SecretSource::Credential {
            name: name.to_owned(),
            folder,
        })
    }

    /// An address with a port that somebody can find.
    pub(crate) fn socket(&mut self, key: &str, value: &str) -> Option<SocketAddr> {
        match value.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Some(address),
            Ok(_) => {
                self.note(
                    key,
                    "port 0 is a different one at each start",
                    "write the port, for example 443",
                );
                None
            }
            Err(_) => {
                let what = format!("{value:?} is no address with a port");
                self.note(key, what, "write for example \"[::]:443\" or \"127.0.0.1:8443\"");
                None
            }
        }
    }

    /// An https address without a user and password in it.
    pub(crate) fn https(&mut self, key: &str, value: &str) -> Option<Url> {
        let url = Url::parse(value).ok().filter(|url| {
            let anonymous = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.has_host() && anonymous
        });
        if url.is_none() {
            self.note(
                key,
                "is no https address",
                "write for example \"https://ca.example.org/acme/directory\"",
            );
        }
        url
    }

    /// An https address without anything after the host and port.
    pub(crate) fn base_url(&mut self, key: &str, value: &str) -> Option<Url> {
        let url = Url::parse(value).ok().filter(|url| {
            let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            let anonymous = url.username().is_empty() && url.password().is_none();
            url.scheme() == "https" && url.has_host() && bare && anonymous
        });
        if url.is_none() {
            let what = "is no https address without path, query and user";
            self.note(key, what, "write for example \"https://strongroom.example.org\"");
        }
        url
    }
}
