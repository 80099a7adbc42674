//! Debian's packages: what apt and dpkg say of them, and the few things that are done with ours.
//!
//! Invariants: looking changes nothing, needs no root where the system lets others look, and takes a root folder, so
//! that a planted tree can be looked at; what cannot be seen is [`Seen::Unknown`] with a reason. Acting ([`act`]) is
//! told every source by explicit options, so that a stray setting cannot lend ours another origin.

use std::fmt;

use serde::Serialize;

pub mod act;
pub mod automatic;
pub mod index;
pub mod keyring;
pub mod package;
pub mod pending;
pub mod settings;
pub mod stale;
pub mod standing;

/// The name that our repository gives itself (`Origin`); never changed, because apt's pins name it.
pub const ORIGIN: &str = "Strongroom";
/// The packages of the house: of one version, and updated together.
pub const OWN: [&str; 3] = ["strongroom", "strongroom-hostd", "strongroom-verify"];
/// The repository's key, from the package strongroom-archive-keyring.
pub const KEYRING: &str = "/usr/share/keyrings/strongroom-archive-keyring.gpg";
/// Where the machine is told of our repository.
pub const SOURCE: &str = "/etc/apt/sources.list.d/strongroom.sources";

/// A fact, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen<T> {
    /// It was seen.
    Known(T),
    /// It could not be looked at; why.
    Unknown(String),
}

impl<T> Seen<T> {
    /// Out of a look that may fail.
    pub fn of<E: fmt::Display>(looked: Result<T, E>) -> Self {
        match looked {
            Ok(value) => Self::Known(value),
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    /// Another fact out of it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Known(value) => Seen::Known(change(value)),
            Self::Unknown(why) => Seen::Unknown(why),
        }
    }

    /// What was seen.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why nothing was seen.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }
}
