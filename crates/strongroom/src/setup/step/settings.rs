//! The settings file. What an operator has written there is never overwritten: it says what the answers say,
//! or set-up stops.

use super::{Standing, cluster};
use crate::{
    failure::CommandError,
    failure::Exit,
    setup::site::{DATABASE_PASSWORD, ROOT_KEY, Site, TLS_KEY},
};
use ::host::{postgresql::Cluster, write};
use config::{Config, Environment};
use platform::database::AdminAccess;

/// The cluster's superuser, who is root here (pg_ident.conf).
const SUPERUSER: &str = "postgres";

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let shown = site.settings.display();
    let access = site.shared(0o640);
    match write::look(&site.settings)? {
        None => Ok(Standing::ToDo(format!("write {shown}"))),
        Some(found) if found != access => Ok(Standing::ToDo(format!(
            "set owner and mode of {shown} ({:04o}, was {:04o})",
            access.mode, found.mode
        ))),
        Some(_) => match differences(site)?.as_slice() {
            [] => Ok(Standing::Done(shown.to_string())),
            found => Err(differ(site, found)),
        },
    }
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let access = site.shared(0o640);
    if write::look(&site.settings)?.is_some() {
        write::access(&site.settings, access)?;
        return Ok(());
    }
    let text = text(site, &cluster::existing(site)?);
    write::file(&site.settings, text.as_bytes(), access)?;
    Ok(())
}

/// The settings, once they are there.
pub(super) fn config(site: &Site) -> Result<Config, CommandError> {
    Ok(Config::load_with(Some(&site.settings), &Environment::default())?)
}

/// How root signs in to the cluster.
pub(super) fn superuser(config: &Config) -> AdminAccess {
    AdminAccess {
        socket_folder: config.database.host.clone(),
        port: config.database.port,
        user: SUPERUSER.to_owned(),
        password: None,
    }
}

fn differ(site: &Site, found: &[String]) -> CommandError {
    let text = format!(
        "{} says something else than the answers: {}; change one of the two, then run setup again",
        site.settings.display(),
        found.join("; ")
    );
    CommandError::said(Exit::Failed, text)
}

/// Where the file says something else than the answers; nothing where there is no file.
pub(in crate::setup) fn differences(site: &Site) -> Result<Vec<String>, CommandError> {
    if write::look(&site.settings)?.is_none() {
        return Ok(Vec::new());
    }
    let config = config(site)?;
    let server = &site.answers.server;
    let mut found = Vec::new();
    let mut compare = |key: &str, is: String, wanted: String| {
        if is != wanted {
            found.push(format!("{key} is {is}, not {wanted}"));
        }
    };
    let plain = |http: Option<std::net::SocketAddr>| {
        http.map_or_else(|| "not set".to_owned(), |http| http.to_string())
    };
    compare(
        "listen.https",
        config.listen.https.to_string(),
        server.https.to_string(),
    );
    compare("listen.http", plain(config.listen.http), plain(server.http));
    let base_url = config.listen.base_url.as_str().trim_end_matches('/').to_owned();
    compare("listen.base_url", base_url, site.answers.base_url());
    let certificate = site.certificate();
    compare(
        "tls.certificate",
        config.tls.certificate.display().to_string(),
        certificate.display().to_string(),
    );
    let directory = |acme: Option<&config::Acme>| {
        acme.map_or_else(|| "not set".to_owned(), |acme| acme.directory.to_string())
    };
    compare(
        "tls.acme.directory",
        directory(config.tls.acme.as_ref()),
        directory(site.acme()),
    );
    if let Some(cluster) = cluster::find(site)? {
        let socket = cluster.socket_folder.display().to_string();
        compare(
            "database.host",
            config.database.host.display().to_string(),
            socket,
        );
        compare(
            "database.port",
            config.database.port.to_string(),
            cluster.port.to_string(),
        );
    }
    Ok(found)
}

fn text(site: &Site, cluster: &Cluster) -> String {
    let server = &site.answers.server;
    let http = server
        .http
        .map(|http| format!("http = \"{http}\" # only redirects\n"));
    format!(
        "# What must be known before the database opens. Written by `strongroom setup`, which never overwrites it.\n\
         # `strongroom config check` lists every problem at once. Everything else is set in the console.\n\n\
         [listen]\nhttps = \"{https}\"\n{http}base_url = \"{base_url}\" # every link is made with it\n\n\
         [tls]\ncertificate = {certificate:?}\nkey = \"credential:{TLS_KEY}\"\n{acme}\n\
         # A credential is the file of that name in {credentials}, which only root can open;\n\
         # systemd hands the daemons those that their unit names.\n\
         [database]\nhost = {socket:?}\nport = {port}\nname = \"strongroom\"\nuser = \"strongroom_app\"\n\
         password_file = \"credential:{DATABASE_PASSWORD}\"\n\n\
         [keys]\nroot_file = \"credential:{ROOT_KEY}\"\n{backup}",
        https = server.https,
        http = http.unwrap_or_default(),
        base_url = site.answers.base_url(),
        certificate = site.certificate(),
        acme = site.acme().map(acme).unwrap_or_default(),
        credentials = site.credentials().display(),
        backup = backup(&site.answers.backup.lines),
        socket = cluster.socket_folder,
        port = cluster.port,
    )
}

fn backup(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("\n[backup]\n{}\n", lines.join("\n")),
    }
}

fn acme(acme: &config::Acme) -> String {
    let trust = acme.trust.as_ref().map(|trust| format!("trust = {trust:?}\n"));
    format!(
        "\n# Asked for certificates by `strongroom certificate renew`, each hour.\n\
         [tls.acme]\ndirectory = \"{}\"\n{}",
        acme.directory,
        trust.unwrap_or_default()
    )
}
