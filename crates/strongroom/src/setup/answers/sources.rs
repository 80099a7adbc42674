//! A directory, a provider and a mail server among the answers: each may be left out, and none of them is needed to begin.
//!
//! Invariant: passwords are named as files and read when a step needs them; the settings are checked before anything is done.

use crate::pem;
use platform::{
    directories::settings::{Product, Security, Server, ServiceProof, Settings},
    mail::{MailSecurity, MailSettings},
    provider::{FirstSignIn, Preset, ProviderSettings},
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// An LDAP directory that people sign in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) key: String,
    pub(crate) settings: Settings,
    /// Asked for at the terminal if none.
    pub(crate) password_file: Option<PathBuf>,
    /// With the key of the certificate that is shown; named where one is.
    pub(crate) client_key_file: Option<PathBuf>,
    pub(crate) first_sign_in: FirstSignIn,
}

/// An OpenID provider that people sign in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) issuer: String,
    pub(crate) settings: ProviderSettings,
    /// Without one we have no secret there.
    pub(crate) secret_file: Option<PathBuf>,
}

/// The server that sends mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) settings: MailSettings,
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenDirectory {
    pub(in crate::setup) key: Option<String>,
    pub(in crate::setup) product: String,
    pub(in crate::setup) servers: Vec<String>,
    pub(in crate::setup) security: Option<String>,
    pub(in crate::setup) service_account: String,
    pub(in crate::setup) base: String,
    pub(in crate::setup) authorities: Option<PathBuf>,
    pub(in crate::setup) client_certificate: Option<PathBuf>,
    pub(in crate::setup) client_key_file: Option<PathBuf>,
    pub(in crate::setup) service_proof: Option<String>,
    pub(in crate::setup) password_file: Option<PathBuf>,
    pub(in crate::setup) first_sign_in: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenProvider {
    pub(in crate::setup) key: Option<String>,
    pub(in crate::setup) label: Option<String>,
    pub(in crate::setup) kind: Option<String>,
    pub(in crate::setup) issuer: String,
    pub(in crate::setup) client_id: String,
    pub(in crate::setup) hosted_domain: Option<String>,
    pub(in crate::setup) authorities: Option<PathBuf>,
    pub(in crate::setup) secret_file: Option<PathBuf>,
    pub(in crate::setup) first_sign_in: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::setup) struct WrittenMail {
    pub(in crate::setup) host: String,
    pub(in crate::setup) port: Option<u16>,
    pub(in crate::setup) security: Option<String>,
    pub(in crate::setup) account: Option<String>,
    pub(in crate::setup) password_file: Option<PathBuf>,
    pub(in crate::setup) from: String,
    pub(in crate::setup) authorities: Option<PathBuf>,
}

fn first_sign_in(section: &str, written: Option<&str>) -> Result<FirstSignIn, String> {
    match written.unwrap_or("refuse") {
        "refuse" => Ok(FirstSignIn::Refuse),
        "wait" => Ok(FirstSignIn::Wait),
        "create" => Ok(FirstSignIn::Create),
        other => Err(format!(
            "{section}.first_sign_in: {other:?} is not known; write \"refuse\", \"wait\" or \"create\""
        )),
    }
}

/// The authorities of a section's server.
pub(super) fn certificates(section: &str, file: Option<&Path>) -> Result<Option<String>, String> {
    certificates_at(&format!("{section}.authorities"), file)
}

fn certificates_at(key: &str, file: Option<&Path>) -> Result<Option<String>, String> {
    let Some(file) = file else { return Ok(None) };
    let read = pem::read_bounded(file);
    read.map(Some)
        .map_err(|error| format!("{key}: {}: {error}", file.display()))
}

/// The directory, if one was written.
pub(super) fn directory(written: Option<WrittenDirectory>) -> Result<Option<Directory>, String> {
    let Some(written) = written else { return Ok(None) };
    let product = match written.product.as_str() {
        "active-directory" | "samba" => Product::ActiveDirectory,
        "openldap" => Product::Openldap,
        "freeipa" => Product::Freeipa,
        other => {
            return Err(format!(
                "directory.product: {other:?} is not known; write \"active-directory\", \"samba\", \"openldap\" or \"freeipa\""
            ));
        }
    };
    let servers = written.servers.iter().map(|text| text.parse::<Server>());
    let mut servers: Vec<Server> = servers
        .collect::<Result<_, _>>()
        .map_err(|error| format!("directory.servers: {error}"))?;
    if servers.is_empty() {
        return Err("directory.servers: name one to eight, NAME or NAME:PORT".to_owned());
    }
    let first = servers.remove(0);
    let mut settings = Settings::preset(product, first, written.service_account, written.base);
    settings.servers.extend(servers);
    settings.security = match written.security.as_deref().unwrap_or("ldaps") {
        "ldaps" => Security::Ldaps,
        "starttls" => Security::Starttls,
        other => {
            return Err(format!(
                "directory.security: {other:?} cannot be; write \"ldaps\" or \"starttls\""
            ));
        }
    };
    settings.authorities = certificates("directory", written.authorities.as_deref())?;
    settings.client_certificate = certificates_at(
        "directory.client_certificate",
        written.client_certificate.as_deref(),
    )?;
    if settings.client_certificate.is_some() != written.client_key_file.is_some() {
        return Err("directory: write client_certificate and client_key_file, or neither".to_owned());
    }
    settings.service_proof = match written.service_proof.as_deref().unwrap_or("password") {
        "password" => ServiceProof::Password,
        "certificate" if written.password_file.is_none() => ServiceProof::Certificate,
        "certificate" => {
            return Err("directory.password_file: the certificate is the proof; leave it out".to_owned());
        }
        other => {
            return Err(format!(
                "directory.service_proof: {other:?} cannot be; write \"password\" or \"certificate\""
            ));
        }
    };
    settings.check().map_err(|error| format!("directory: {error}"))?;
    Ok(Some(Directory {
        key: written.key.unwrap_or_else(|| "company".to_owned()),
        settings,
        password_file: written.password_file,
        client_key_file: written.client_key_file,
        first_sign_in: first_sign_in("directory", written.first_sign_in.as_deref())?,
    }))
}

/// The provider, if one was written.
pub(super) fn provider(written: Option<WrittenProvider>) -> Result<Option<Provider>, String> {
    let Some(written) = written else { return Ok(None) };
    let kind = written.kind.as_deref().unwrap_or("standard");
    let preset = kind
        .parse::<Preset>()
        .map_err(|error| format!("provider.kind: {error}"))?;
    if !written.issuer.starts_with("https://") || written.client_id.is_empty() {
        return Err("provider: write issuer, which begins with https://, and client_id".to_owned());
    }
    let settings = ProviderSettings {
        hosted_domain: written.hosted_domain,
        authority_pem: certificates("provider", written.authorities.as_deref())?,
        first_sign_in: first_sign_in("provider", written.first_sign_in.as_deref())?,
        ..ProviderSettings::new(preset, written.client_id)
    };
    let key = written.key.unwrap_or_else(|| "company".to_owned());
    Ok(Some(Provider {
        label: written.label.unwrap_or_else(|| key.clone()),
        key,
        issuer: written.issuer,
        settings,
        secret_file: written.secret_file,
    }))
}

/// The mail server, if one was written.
pub(super) fn mail(written: Option<WrittenMail>) -> Result<Option<Mail>, String> {
    let Some(written) = written else { return Ok(None) };
    if written.host.is_empty() || !written.from.contains('@') {
        return Err("mail: write host, and from, which is an e-mail address".to_owned());
    }
    if written.account.is_some() != written.password_file.is_some() {
        return Err("mail: write account and password_file, or neither".to_owned());
    }
    let (security, port) = match written.security.as_deref().unwrap_or("tls") {
        "tls" => (MailSecurity::Tls, 465),
        "starttls" => (MailSecurity::StartTls, 587),
        other => {
            return Err(format!(
                "mail.security: {other:?} cannot be; write \"tls\" or \"starttls\""
            ));
        }
    };
    Ok(Some(Mail {
        settings: MailSettings {
            host: written.host,
            port: written.port.unwrap_or(port),
            security,
            account: written.account,
            from: written.from,
            authority_pem: certificates("mail", written.authorities.as_deref())?,
        },
        password_file: written.password_file,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_directory() -> WrittenDirectory {
        WrittenDirectory {
            product: "openldap".to_owned(),
            servers: vec!["dc1.example.test".to_owned()],
            service_account: "cn=app,dc=example,dc=test".to_owned(),
            base: "dc=example,dc=test".to_owned(),
            ..WrittenDirectory::default()
        }
    }

    #[test]
    fn what_is_left_out_is_none_and_what_is_whole_is_taken() {
        assert_eq!(directory(None), Ok(None));
        assert_eq!(provider(None), Ok(None));
        assert_eq!(mail(None), Ok(None));
        let taken = directory(Some(written_directory())).unwrap().unwrap();
        assert_eq!(
            (taken.key.as_str(), taken.first_sign_in),
            ("company", FirstSignIn::Refuse)
        );
    }

    #[test]
    fn a_directory_that_cannot_be_is_refused_with_its_key() {
        type Break = fn(&mut WrittenDirectory);
        let broken: [(Break, &str); 10] = [
            (|one| one.product = "novell".to_owned(), "directory.product"),
            (|one| one.servers.clear(), "directory.servers"),
            (
                |one| one.security = Some("plain".to_owned()),
                "directory.security",
            ),
            (
                |one| one.authorities = Some("/nonexistent".into()),
                "directory.authorities",
            ),
            (|one| one.base = "people".to_owned(), "directory: "),
            (
                |one| one.service_proof = Some("kerberos".to_owned()),
                "directory.service_proof",
            ),
            (
                |one| one.service_proof = Some("certificate".to_owned()),
                "directory: the settings of the directory cannot be used: a service account that proves itself",
            ),
            (
                |one| one.client_certificate = Some("/nonexistent".into()),
                "directory.client_certificate",
            ),
            (
                |one| one.client_key_file = Some("client.key".into()),
                "directory: write client_certificate and client_key_file",
            ),
            (
                |one| {
                    // What is no certificate must not be stored, and shown, as one.
                    one.client_certificate = Some("Cargo.toml".into());
                    one.client_key_file = Some("client.key".into());
                },
                "directory: the client certificate",
            ),
        ];
        for (break_it, words) in broken {
            let mut written = written_directory();
            break_it(&mut written);
            let error = directory(Some(written)).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn a_provider_without_https_and_mail_without_a_password_are_refused() {
        let issuer = WrittenProvider {
            issuer: "http://login.example.test".to_owned(),
            client_id: "us".to_owned(),
            ..WrittenProvider::default()
        };
        assert!(provider(Some(issuer)).is_err());
        let account = WrittenMail {
            host: "post.example.test".to_owned(),
            from: "us@example.test".to_owned(),
            account: Some("us".to_owned()),
            ..WrittenMail::default()
        };
        assert!(mail(Some(account)).is_err());
    }
}
