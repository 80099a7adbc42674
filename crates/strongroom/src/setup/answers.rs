//! What set-up must know: from a file for configuration management, or out of questions.
//!
//! Invariant: an [`Answers`] exists only valid; it names files with passwords and never holds one. Unknown
//! keys are errors.

pub(super) mod audit;
pub(super) mod collector;
pub(super) mod sources;
pub(super) mod webhook;

use crate::failure::{CommandError, Exit};
use serde::Deserialize;
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use types::OrganizationSlug;
use url::Url;

/// The name of Debian's own cluster, which belongs to whatever else runs on the machine.
const CLUSTER_OF_DEBIAN: &str = "main";

/// Everything that set-up asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) server: Server,
    pub(crate) certificate: Certificate,
    pub(crate) database: Database,
    pub(crate) organization: Organization,
    pub(crate) services: Services,
    pub(crate) updates: Updates,
    pub(crate) firewall: Firewall,
    pub(crate) directory: Option<sources::Directory>,
    pub(crate) provider: Option<sources::Provider>,
    pub(crate) mail: Option<sources::Mail>,
    pub(crate) webhook: Option<webhook::Webhook>,
    pub(crate) forwarding: Option<collector::Forwarding>,
    pub(crate) backup: Backup,
    pub(crate) audit: audit::Audit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// The name in the address that people type, or an IP address.
    pub(crate) name: String,
    pub(crate) https: SocketAddr,
    /// Where plain HTTP is redirected; nowhere if none.
    pub(crate) http: Option<SocketAddr>,
}

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// From an authority that set-up makes on this machine.
    OwnAuthority,
    /// From files that somebody else made.
    Files { certificate: PathBuf, key: PathBuf },
    /// From whoever signs the request that set-up makes.
    Request,
    /// From an authority that is asked by itself, now and before each end.
    Acme(config::Acme),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) cluster: String,
    /// PostgreSQL's major; the newest installed if none.
    pub(crate) version: Option<u32>,
    /// The next free one if none.
    pub(crate) port: Option<u16>,
    /// Debian's place if none.
    pub(crate) data_folder: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_name: String,
    /// Asked for at the terminal if none.
    pub(crate) owner_password_file: Option<PathBuf>,
    /// Whether the owner is an operator, too.
    pub(crate) owner_operates: bool,
    /// Whether the owner's second factor is set up now, at the terminal.
    pub(crate) owner_factor: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Services {
    /// The system user of the daemons.
    pub(crate) user: String,
    /// Whether the units are enabled and started.
    pub(crate) start: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Updates {
    /// Whether this machine installs updates by itself.
    pub(crate) automatic: bool,
    /// Where the platform's own packages come from; with bundles if none.
    pub(crate) repository: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Backup {
    /// Whether backups are switched on.
    pub(crate) enable: bool,
    /// The section as it goes into the settings; none where nothing was answered.
    pub(crate) lines: Vec<String>,
    /// The secret of the key that signs for a bucket; set later if none.
    pub(crate) second_secret_file: Option<PathBuf>,
    /// Where the recovery kit goes; made later if none.
    pub(crate) kit: Option<PathBuf>,
    /// Its passphrase is asked for at the terminal if none.
    pub(crate) kit_passphrase_file: Option<PathBuf>,
}

impl Backup {
    /// Whether the second location is in a bucket.
    pub(crate) fn is_to_bucket(&self) -> bool {
        self.lines.iter().any(|line| line.starts_with("second = \"s3://"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Firewall {
    /// Whether every port but the platform's and SSH's is closed.
    pub(crate) apply: bool,
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub(super) server: WrittenServer,
    pub(super) certificate: WrittenCertificate,
    pub(super) database: WrittenDatabase,
    pub(super) organization: WrittenOrganization,
    pub(super) services: WrittenServices,
    pub(super) updates: WrittenUpdates,
    pub(super) firewall: WrittenFirewall,
    pub(super) directory: Option<sources::WrittenDirectory>,
    pub(super) provider: Option<sources::WrittenProvider>,
    pub(super) mail: Option<sources::WrittenMail>,
    pub(super) webhook: Option<webhook::WrittenWebhook>,
    pub(super) forwarding: Option<collector::WrittenForwarding>,
    pub(super) backup: WrittenBackup,
    pub(super) audit: audit::WrittenAudit,
}

/// What else than `enable` is written goes into the settings, where it is judged.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenBackup {
    pub(super) enable: Option<bool>,
    pub(super) folder: Option<String>,
    pub(super) record: Option<String>,
    pub(super) retention_days: Option<u32>,
    pub(super) full_days: Option<u32>,
    pub(super) second: Option<String>,
    pub(super) second_host_key: Option<String>,
    pub(super) second_region: Option<String>,
    pub(super) second_access_key: Option<String>,
    pub(super) second_secret_file: Option<PathBuf>,
    pub(super) second_authority_file: Option<String>,
    pub(super) second_bytes_per_second: Option<u64>,
    pub(super) kit: Option<PathBuf>,
    pub(super) kit_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenFirewall {
    pub(super) apply: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenUpdates {
    pub(super) automatic: Option<bool>,
    pub(super) repository: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenServer {
    pub(super) name: String,
    pub(super) https: Option<String>,
    pub(super) http: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenCertificate {
    pub(super) from: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) directory: Option<String>,
    pub(super) trust: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenDatabase {
    pub(super) cluster: Option<String>,
    pub(super) version: Option<u32>,
    pub(super) port: Option<u16>,
    pub(super) data_folder: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenOrganization {
    pub(super) slug: String,
    pub(super) name: Option<String>,
    pub(super) owner_email: String,
    pub(super) owner_name: Option<String>,
    pub(super) owner_password_file: Option<PathBuf>,
    pub(super) owner_operates: Option<bool>,
    pub(super) owner_factor: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenServices {
    pub(super) user: Option<String>,
    pub(super) start: Option<bool>,
}

impl Answers {
    /// Reads an answers file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, has a key that is not known, or an answer that cannot be.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let text = fs::read_to_string(path).map_err(CommandError::io(format!(
            "cannot read the answers file {}",
            path.display()
        )))?;
        let refused = |what: String| {
            CommandError::said(
                Exit::Usage,
                format!("the answers file {}: {what}", path.display()),
            )
        };
        let written: Written =
            toml::from_str(&text).map_err(|error| refused(error.to_string().trim().to_owned()))?;
        Self::check(written).map_err(refused)
    }

    /// From what was written to what may be used; the error says which key and what to write.
    pub(super) fn check(written: Written) -> Result<Self, String> {
        let server = server(written.server)?;
        let certificate = certificate(written.certificate)?;
        if matches!(certificate, Certificate::Acme(_)) {
            check_reach(&server)?;
        }
        Ok(Self {
            server,
            certificate,
            database: database(written.database)?,
            organization: organization(written.organization)?,
            services: Services {
                user: written.services.user.unwrap_or_else(|| "strongroom".to_owned()),
                start: written.services.start.unwrap_or(true),
            },
            updates: updates(written.updates)?,
            firewall: Firewall {
                apply: written.firewall.apply.unwrap_or(false),
            },
            directory: sources::directory(written.directory)?,
            provider: sources::provider(written.provider)?,
            mail: sources::mail(written.mail)?,
            webhook: webhook::webhook(written.webhook)?,
            forwarding: collector::forwarding(written.forwarding)?,
            backup: backup(written.backup)?,
            audit: audit::audit(written.audit)?,
        })
    }

    /// What is left of the answers for an appliance that is there and gets another name.
    pub(super) fn for_name(name: String, listen: &config::Listen, certificate: Certificate) -> Self {
        Self {
            server: Server {
                name,
                https: listen.https,
                http: listen.http,
            },
            certificate,
            database: Database {
                cluster: String::new(),
                version: None,
                port: None,
                data_folder: None,
            },
            organization: Organization {
                slug: String::new(),
                name: String::new(),
                owner_email: String::new(),
                owner_name: String::new(),
                owner_password_file: None,
                owner_operates: false,
                owner_factor: false,
            },
            services: Services {
                user: String::new(),
                start: true,
            },
            updates: Updates {
                automatic: false,
                repository: None,
            },
            firewall: Firewall { apply: false },
            directory: None,
            provider: None,
            mail: None,
            webhook: None,
            forwarding: None,
            backup: Backup::default(),
            audit: audit::Audit::default(),
        }
    }

    /// The address that people type.
    pub(crate) fn base_url(&self) -> String {
        let host = match self.server.name.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.server.name.clone(),
        };
        match self.server.https.port() {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }
}

fn backup(written: WrittenBackup) -> Result<Backup, String> {
    let enable = written.enable.unwrap_or(false);
    if written.second_secret_file.is_some() && !enable {
        return Err(
            "backup.second_secret_file: a secret is kept for copies of backups; write backup.enable = true as well"
                .to_owned(),
        );
    }
    match &written.kit {
        Some(kit) if !kit.is_absolute() => {
            return Err("backup.kit: write the whole path, beginning with /".to_owned());
        }
        Some(_) if !enable => {
            return Err(
                "backup.kit: a recovery kit opens backups; write backup.enable = true as well".to_owned(),
            );
        }
        None if written.kit_passphrase_file.is_some() => {
            return Err(
                "backup.kit_passphrase_file: write where the kit goes in backup.kit as well".to_owned(),
            );
        }
        _ => {}
    }
    let texts = [
        ("folder", written.folder),
        ("record", written.record),
        ("second", written.second),
        ("second_host_key", written.second_host_key),
        ("second_region", written.second_region),
        ("second_access_key", written.second_access_key),
        ("second_authority_file", written.second_authority_file),
    ];
    let numbers = [
        ("retention_days", written.retention_days.map(u64::from)),
        ("full_days", written.full_days.map(u64::from)),
        ("second_bytes_per_second", written.second_bytes_per_second),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {:?}", value?)));
    let numbers = numbers
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}", value?)));
    Ok(Backup {
        enable,
        second_secret_file: written.second_secret_file,
        lines: texts.chain(numbers).collect(),
        kit: written.kit,
        kit_passphrase_file: written.kit_passphrase_file,
    })
}

fn updates(written: WrittenUpdates) -> Result<Updates, String> {
    let repository = written.repository.filter(|text| !text.is_empty());
    let repository = repository.map(|text| checked_repository(&text)).transpose()?;
    let automatic = written.automatic.unwrap_or(true);
    if repository.is_some() && !automatic {
        return Err(
            "updates.repository: is named while updates.automatic is false; leave one of them out".to_owned(),
        );
    }
    Ok(Updates {
        automatic,
        repository,
    })
}

/// It becomes a line of apt's sources: whatever could end that line or add a word to it is refused.
fn checked_repository(text: &str) -> Result<String, String> {
    let key = "updates.repository";
    let url = url::Url::parse(text).map_err(|error| format!("{key}: {text:?} is no address ({error})"))?;
    if !matches!(url.scheme(), "https" | "http" | "file") {
        return Err(format!(
            "{key}: write an address that begins with https://, http:// or file:/"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{key}: an address holds no password; put it into /etc/apt/auth.conf.d (apt_auth.conf(5))"
        ));
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"[]\"'\\<>".contains(&byte);
    if !text.bytes().all(is_plain) || url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{key}: {text:?} has signs that apt would misread; write scheme, host and path only"
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn server(written: WrittenServer) -> Result<Server, String> {
    let socket = |key: &str, text: &str| {
        let parsed: Option<SocketAddr> = text
            .parse()
            .ok()
            .filter(|address: &SocketAddr| address.port() != 0);
        parsed.ok_or_else(|| {
            format!("{key}: {text:?} is no address with a port; write for example \"[::]:443\"")
        })
    };
    let https = socket("server.https", written.https.as_deref().unwrap_or("[::]:443"))?;
    let http = written.http.filter(|text| !text.is_empty());
    let http = http.map(|text| socket("server.http", &text)).transpose()?;
    if http.is_some_and(|http| http.port() == https.port()) {
        return Err(
            "server.http: is the port of server.https; give it another, such as \"[::]:80\"".to_owned(),
        );
    }
    Ok(Server {
        name: checked_host(written.name)?,
        https,
        http,
    })
}

/// RFC 1123 section 2.1; case does not count, so it is folded here once.
pub(super) fn checked_host(name: String) -> Result<String, String> {
    let name = name.trim().to_lowercase();
    let label = |label: &str| {
        let plain = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_name = name.len() <= 253 && name.split('.').all(label);
    if name.parse::<IpAddr>().is_ok() || is_name {
        return Ok(name);
    }
    Err(format!(
        "server.name: {name:?} is no host name; write the name that people will type, such as \"records.example.org\""
    ))
}

/// An authority that speaks ACME looks for its proof at port 80 of the name (RFC 8555 section 8.3).
fn check_reach(server: &Server) -> Result<(), String> {
    if server.name.parse::<IpAddr>().is_ok() {
        return Err("certificate.from: \"acme\" is for names; write a name in server.name".to_owned());
    }
    if server.http.is_none_or(|http| http.port() != 80) {
        return Err(
            "certificate.from: with \"acme\" the authority asks over plain HTTP; write server.http = \"[::]:80\""
                .to_owned(),
        );
    }
    Ok(())
}

fn acme(written: &str, trust: Option<PathBuf>) -> Result<Certificate, String> {
    let directory = Url::parse(written).ok().filter(|url| {
        let anonymous = url.username().is_empty() && url.password().is_none();
        url.scheme() == "https" && url.has_host() && anonymous
    });
    let directory = directory.ok_or_else(|| {
        format!("certificate.directory: {written:?} is no https address; write the authority's, such as \"https://ca.example.org/acme/directory\"")
    })?;
    if trust.as_ref().is_some_and(|trust| !trust.is_absolute()) {
        return Err("certificate.trust: write the whole path, beginning with /".to_owned());
    }
    Ok(Certificate::Acme(config::Acme {
        directory,
        trust,
        proofs: PathBuf::from(config::ACME_PROOFS),
    }))
}

fn certificate(written: WrittenCertificate) -> Result<Certificate, String> {
    let files = (written.certificate, written.key);
    let from = written.from.as_deref().unwrap_or("own-authority");
    if from != "acme" && (written.directory.is_some() || written.trust.is_some()) {
        return Err(
            "certificate: an authority's directory or trust is named, so write from = \"acme\"".to_owned(),
        );
    }
    match (from, files) {
        ("acme", (None, None)) => acme(written.directory.as_deref().unwrap_or_default(), written.trust),
        ("own-authority", (None, None)) => Ok(Certificate::OwnAuthority),
        ("request", (None, None)) => Ok(Certificate::Request),
        ("files", (Some(certificate), Some(key))) => Ok(Certificate::Files { certificate, key }),
        ("files", _) => Err(
            "certificate: name both files, certificate.certificate (the chain in PEM) and certificate.key"
                .to_owned(),
        ),
        ("own-authority" | "request" | "acme", _) => {
            Err("certificate: files are named, so write from = \"files\"".to_owned())
        }
        (other, _) => Err(format!(
            "certificate.from: {other:?} is not known; write \"own-authority\", \"files\", \"request\" or \"acme\""
        )),
    }
}

fn database(written: WrittenDatabase) -> Result<Database, String> {
    let cluster = written.cluster.unwrap_or_else(|| "strongroom".to_owned());
    let plain = cluster
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if cluster.is_empty() || cluster.len() > 40 || !plain {
        return Err("database.cluster: use lower-case letters, digits and underscores".to_owned());
    }
    if cluster == CLUSTER_OF_DEBIAN {
        return Err("database.cluster: \"main\" is Debian's own cluster; Strongroom has one for itself, choose another name".to_owned());
    }
    if written.port.is_some_and(|port| port < 1024) {
        return Err("database.port: write a port from 1024 on; PostgreSQL does not run as root".to_owned());
    }
    if written
        .data_folder
        .as_ref()
        .is_some_and(|folder| !folder.is_absolute())
    {
        return Err("database.data_folder: write the whole path, beginning with /".to_owned());
    }
    Ok(Database {
        cluster,
        version: written.version,
        port: written.port,
        data_folder: written.data_folder,
    })
}

fn organization(written: WrittenOrganization) -> Result<Organization, String> {
    let slug: Result<OrganizationSlug, _> = written.slug.parse();
    let slug = slug
        .map_err(|error| format!("organization.slug: {error}"))?
        .to_string();
    // What an address is, the account decides; this is to catch a forgotten answer before anything is done.
    if !written.owner_email.contains('@') {
        return Err("organization.owner_email: write the first owner's e-mail address".to_owned());
    }
    Ok(Organization {
        name: written.name.unwrap_or_else(|| slug.clone()),
        slug,
        owner_name: written.owner_name.unwrap_or_else(|| written.owner_email.clone()),
        owner_email: written.owner_email,
        owner_password_file: written.owner_password_file,
        owner_operates: written.owner_operates.unwrap_or(false),
        owner_factor: written.owner_factor.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests;
