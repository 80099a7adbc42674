//! The places of one appliance on this machine: which file lies where, whose it is, and who may read it.
//!
//! Invariant: secrets lie in `credentials/`, which only root enters; systemd hands them to the daemons.
//! Everything else in the settings folder is readable by the daemons' group and writable by root alone.

use super::answers::Answers;
use ::host::{account::Account, write::Access};
use config::CREDENTIALS;
use nix::unistd::{Gid, Uid};
use std::path::{Path, PathBuf};

/// An appliance that is being set up.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) answers: Answers,
    /// The settings file: `/etc/strongroom/strongroom.toml`.
    pub(crate) settings: PathBuf,
    /// The group of the daemons' user.
    group: Gid,
}

impl Site {
    pub(crate) fn new(answers: Answers, settings: PathBuf, user: &Account) -> Self {
        Self {
            answers,
            settings,
            group: user.gid,
        }
    }

    /// `/etc/strongroom`
    pub(crate) fn folder(&self) -> &Path {
        self.settings.parent().unwrap_or(Path::new("/"))
    }

    /// The folder of the secrets.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.folder().join(CREDENTIALS)
    }

    /// A secret by its name, which is also the credential's.
    pub(crate) fn credential(&self, name: &str) -> PathBuf {
        self.credentials().join(name)
    }

    /// The folder of what clients may see of TLS.
    pub(crate) fn tls(&self) -> PathBuf {
        self.folder().join("tls")
    }

    /// The server's certificate chain.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.tls().join("certificate.pem")
    }

    /// The certificate of our own authority, which browsers are to trust.
    pub(crate) fn authority(&self) -> PathBuf {
        self.tls().join("authority.pem")
    }

    /// The request for a certificate.
    pub(crate) fn request(&self) -> PathBuf {
        self.tls().join("request.pem")
    }

    /// Settings: written by root, read by the daemons.
    pub(crate) fn shared(&self, mode: u32) -> Access {
        Access {
            user: Uid::from_raw(0),
            group: self.group,
            mode,
        }
    }

    /// Root's alone.
    pub(crate) fn private(&self, mode: u32) -> Access {
        Access {
            user: Uid::from_raw(0),
            group: Gid::from_raw(0),
            mode,
        }
    }
}

/// The root key's name as a credential.
pub(crate) const ROOT_KEY: &str = "root-key";
/// The database password's.
pub(crate) const DATABASE_PASSWORD: &str = "database-password";
/// The key of the server's certificate.
pub(crate) const TLS_KEY: &str = "tls-key";
/// The key of our own authority; no daemon gets it.
pub(crate) const AUTHORITY_KEY: &str = "authority-key";
