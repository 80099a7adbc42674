//! The places of one appliance on this machine: which file lies where, whose it is, and who may read it.
//!
//! Invariant: secrets lie in `credentials/`, which only root enters; systemd hands them to the daemons.
//! Everything else in the settings folder is readable by the daemons' group and writable by root alone.

use super::answers::{Answers, Certificate};
use crate::failure::{CommandError, Exit};
use ::host::{
    account::Account,
    write::{self, Access},
};
use config::{CREDENTIALS, Config, SecretSource};
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

    /// The appliance that is there, as set-up would see it under a name. Set-up's layout only: elsewhere others keep the
    /// certificate.
    pub(crate) fn present(settings: &Path, config: &Config, host: String) -> Result<Self, CommandError> {
        let group = write::look(settings)?.map(|access| access.group);
        let group = group.ok_or_else(|| CommandError::said(Exit::NotFound, "there are no settings yet"))?;
        let certificate = match &config.tls.acme {
            Some(acme) => Certificate::Acme(acme.clone()),
            None => Certificate::OwnAuthority,
        };
        let mut site = Self {
            answers: Answers::for_name(host, &config.listen, certificate),
            settings: settings.to_owned(),
            group,
        };
        let is_ours = matches!(&config.tls.key, SecretSource::Credential { name, .. } if name == TLS_KEY);
        if config.tls.certificate != site.certificate() || !is_ours {
            let text = format!(
                "the certificate lies at {}, where set-up does not put it; whoever put it there gets the next, changes \
                 listen.base_url in {} where the name is another, and restarts the daemons",
                config.tls.certificate.display(),
                settings.display()
            );
            return Err(CommandError::said(Exit::Failed, text));
        }
        if config.tls.acme.is_none() && write::look(&site.credential(AUTHORITY_KEY))?.is_none() {
            site.answers.certificate = Certificate::Request;
        }
        Ok(site)
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

    /// The key of our account at an authority that speaks ACME.
    pub(crate) fn acme_account(&self) -> PathBuf {
        self.credential(ACME_ACCOUNT_KEY)
    }

    /// The authority that is asked for certificates.
    pub(crate) fn acme(&self) -> Option<&config::Acme> {
        match &self.answers.certificate {
            Certificate::Acme(acme) => Some(acme),
            Certificate::OwnAuthority | Certificate::Files { .. } | Certificate::Request => None,
        }
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
/// The key of our account at an ACME authority; no daemon gets it.
const ACME_ACCOUNT_KEY: &str = "acme-account-key";
