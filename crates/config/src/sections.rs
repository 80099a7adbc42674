//! From the file as written to the configuration, section by section.
//!
//! Invariant: every section is read even if one before it has a problem, so that all problems come at once.

use std::path::PathBuf;

use url::Url;

use crate::backup;
use crate::checker::Checker;
use crate::config::{
    Acme, Audit, Config, Database, Keys, Limits, Listen, Log, Outgoing, RebootSetting, Session, TARGETS_MAX,
    Tls, TlsMinimum, Updates, Worker,
};
use crate::file;
use crate::network::Network;
use crate::target::Target;
use crate::window::Window;

const MIB: u64 = 1024 * 1024;
const DAY_SECONDS: i64 = 86_400;
/// Where proofs for an ACME authority lie when no setting says otherwise; nothing there outlives an order.
pub const ACME_PROOFS: &str = "/run/strongroom-acme";

pub(crate) fn config(file: file::File, checker: &mut Checker<'_>) -> Option<Config> {
    let listen = listen(file.listen, checker);
    let tls = tls(file.tls, checker);
    let database = database(file.database, checker);
    let keys = keys(file.keys, checker);
    let limits = limits(&file.limits, checker);
    let session = session(&file.session, checker);
    let worker = worker(&file.worker, checker);
    let outgoing = outgoing(&file.outgoing, checker);
    let updates = updates(&file.updates, checker);
    let backup = backup::read(file.backup, checker);
    let audit = audit(file.audit, checker);
    Some(Config {
        path: checker.path.to_owned(),
        listen: listen?,
        tls: tls?,
        database: database?,
        keys: keys?,
        limits: limits?,
        session: session?,
        worker: worker?,
        log: Log {
            filter: file.log.filter.unwrap_or_else(|| "info".to_owned()),
        },
        outgoing,
        updates: updates?,
        backup: backup?,
        audit: audit?,
    })
}

fn audit(section: file::Audit, checker: &mut Checker<'_>) -> Option<Audit> {
    let folder = section
        .folder
        .unwrap_or_else(|| "/var/lib/strongroom/audit".to_owned());
    let folder = checker.path("audit.folder", folder)?;
    Some(Audit { folder })
}

fn updates(section: &file::Updates, checker: &mut Checker<'_>) -> Option<Updates> {
    let window = match section.window.as_deref().map(str::parse::<Window>) {
        None => Some(Window::DEFAULT),
        Some(Ok(window)) => Some(window),
        Some(Err(error)) => {
            let advice = "write for example \"02:00-05:00\", in the machine's own time";
            checker.note("updates.window", error.to_string(), advice);
            None
        }
    };
    let reboot = match section.reboot.as_deref() {
        None | Some("report") => Some(RebootSetting::Report),
        Some("in-window") => Some(RebootSetting::InWindow),
        Some(other) => {
            let what = format!("{other:?} is not known");
            checker.note("updates.reboot", what, "write \"report\" or \"in-window\"");
            None
        }
    };
    Some(Updates {
        window: window?,
        reboot: reboot?,
    })
}

/// What is wrong is noted and left out: a part of a list opens nothing, because no configuration comes of it.
fn outgoing(section: &file::Outgoing, checker: &mut Checker<'_>) -> Outgoing {
    const KEY: &str = "outgoing.targets";
    if section.targets.len() > TARGETS_MAX {
        let what = format!("names {} targets", section.targets.len());
        checker.note(KEY, what, format!("name at most {TARGETS_MAX}"));
    }
    let mut targets = Vec::new();
    for text in section.targets.iter().take(TARGETS_MAX) {
        match text.parse::<Target>() {
            Ok(target) if targets.contains(&target) => {}
            Ok(target) => targets.push(target),
            Err(error) => {
                let advice = "write for example \"ldaps://dc1.example.com:636\" or \"10.0.0.5:587\"";
                checker.note(KEY, error.to_string(), advice);
            }
        }
    }
    Outgoing { targets }
}

fn listen(section: file::Listen, checker: &mut Checker<'_>) -> Option<Listen> {
    let https = checker.socket("listen.https", section.https.as_deref().unwrap_or("[::]:443"));
    let http = section.http.map(|value| checker.socket("listen.http", &value));
    if let (Some(Some(http)), Some(https)) = (http, https)
        && http == https
    {
        checker.note(
            "listen.http",
            "is the same address as listen.https",
            "give it a port of its own",
        );
    }
    let port = https.map_or(443, |address| address.port());
    let base_url = section
        .base_url
        .unwrap_or_else(|| format!("https://localhost:{port}"));
    let base_url: Option<Url> = checker.base_url("listen.base_url", &base_url);
    let trusted_proxies = networks("listen.trusted_proxies", &section.trusted_proxies, checker);
    let http = match http {
        Some(http) => Some(http?),
        None => None,
    };
    Some(Listen {
        https: https?,
        http,
        base_url: base_url?,
        trusted_proxies,
    })
}

fn networks(key: &str, written: &[String], checker: &mut Checker<'_>) -> Vec<Network> {
    let mut networks = Vec::with_capacity(written.len());
    for text in written {
        match text.parse::<Network>() {
            Ok(network) => networks.push(network),
            Err(error) => {
                checker.note(
                    key,
                    error.to_string(),
                    "write for example \"10.0.0.5\" or \"10.0.0.0/24\"",
                );
            }
        }
    }
    networks
}

fn tls(section: file::Tls, checker: &mut Checker<'_>) -> Option<Tls> {
    let example = "/etc/strongroom/tls/server.pem";
    let certificate = checker.required("tls.certificate", section.certificate, example);
    let certificate = certificate.and_then(|value| checker.path("tls.certificate", value));
    let key = checker.required("tls.key", section.key, "/etc/strongroom/tls/server.key");
    let key = key.and_then(|value| checker.secret("tls.key", value));
    let minimum = match section.minimum.as_deref() {
        None | Some("1.3") => Some(TlsMinimum::Tls13),
        Some("1.2") => Some(TlsMinimum::Tls12),
        Some(other) => {
            let what = format!("{other:?} is no TLS version that may be used");
            checker.note("tls.minimum", what, "write \"1.3\", or \"1.2\" for older clients");
            None
        }
    };
    let acme = match section.acme {
        Some(section) => Some(acme(section, checker)?),
        None => None,
    };
    Some(Tls {
        certificate: certificate?,
        key: key?,
        minimum: minimum?,
        acme,
    })
}

fn acme(section: file::Acme, checker: &mut Checker<'_>) -> Option<Acme> {
    let example = "https://ca.example.org/acme/directory";
    let directory = checker.required("tls.acme.directory", section.directory, example);
    let directory = directory.and_then(|value| checker.https("tls.acme.directory", &value));
    let trust = section.trust.map(|value| checker.path("tls.acme.trust", value));
    let proofs = section.proofs.unwrap_or_else(|| ACME_PROOFS.to_owned());
    let proofs = checker.path("tls.acme.proofs", proofs);
    let trust = match trust {
        Some(trust) => Some(trust?),
        None => None,
    };
    Some(Acme {
        directory: directory?,
        trust,
        proofs: proofs?,
    })
}

fn database(section: file::Database, checker: &mut Checker<'_>) -> Option<Database> {
    let host = checker.required("database.host", section.host, "/var/run/postgresql");
    let host = host.and_then(|value| socket_folder(value, checker));
    let name = checker.required("database.name", section.name, "strongroom");
    let user = checker.required("database.user", section.user, "strongroom_app");
    let port = checker.number("database.port", section.port, 5432, 1..=65_535);
    let password_file = section
        .password_file
        .map(|value| checker.secret("database.password_file", value));
    let connections = section.connections_max;
    let connections_max = checker.number("database.connections_max", connections, 40, 4..=1000);
    let seconds = section.statement_seconds_max;
    let statement_seconds_max = checker.number("database.statement_seconds_max", seconds, 30, 1..=3600);
    let password_file = match password_file {
        Some(source) => Some(source?),
        None => None,
    };
    Some(Database {
        host: host?,
        port: port?,
        name: name?,
        user: user?,
        password_file,
        connections_max: connections_max?,
        statement_seconds_max: statement_seconds_max?,
    })
}

/// Only the unix socket: a connection to another host would need a verified certificate (promise transit-inside).
fn socket_folder(host: String, checker: &mut Checker<'_>) -> Option<PathBuf> {
    if host.starts_with('/') {
        return Some(PathBuf::from(host));
    }
    let what = format!("{host:?} is a host on the network, and plain connections to a database are refused");
    checker.note(
        "database.host",
        what,
        "write the folder of the unix socket, for example \"/var/run/postgresql\"",
    );
    None
}

fn keys(section: file::Keys, checker: &mut Checker<'_>) -> Option<Keys> {
    let root_file = checker.required("keys.root_file", section.root_file, "credential:root-key");
    let root_file = root_file.and_then(|value| checker.secret("keys.root_file", value));
    Some(Keys {
        root_file: root_file?,
    })
}

fn limits(section: &file::Limits, checker: &mut Checker<'_>) -> Option<Limits> {
    let body_bytes_max = checker.number(
        "limits.body_bytes_max",
        section.body_bytes_max,
        MIB,
        1024..=64 * 1024 * 1024,
    );
    let upload_bytes_max = checker.number(
        "limits.upload_bytes_max",
        section.upload_bytes_max,
        1024 * MIB,
        1024..=1 << 40,
    );
    if let (Some(body), Some(upload)) = (body_bytes_max, upload_bytes_max)
        && upload < body
    {
        let what = "is below limits.body_bytes_max";
        checker.note("limits.upload_bytes_max", what, format!("set at least {body}"));
    }
    let requests = section.requests_per_minute;
    let requests = checker.number("limits.requests_per_minute", requests, 600, 1..=1_000_000);
    let connections = section.connections_per_address;
    let connections = checker.number("limits.connections_per_address", connections, 64, 1..=100_000);
    let sign_in = checker.number(
        "limits.sign_in_per_minute",
        section.sign_in_per_minute,
        10,
        1..=1000,
    );
    Some(Limits {
        body_bytes_max: body_bytes_max?,
        upload_bytes_max: upload_bytes_max?,
        requests_per_minute: requests?,
        connections_per_address: connections?,
        sign_in_per_minute: sign_in?,
    })
}

fn session(section: &file::Session, checker: &mut Checker<'_>) -> Option<Session> {
    let idle = section.idle_seconds_max;
    let idle = checker.number("session.idle_seconds_max", idle, 900, 60..=DAY_SECONDS);
    let absolute = section.absolute_seconds_max;
    let absolute = checker.number(
        "session.absolute_seconds_max",
        absolute,
        43_200,
        60..=7 * DAY_SECONDS,
    );
    if let (Some(idle), Some(absolute)) = (idle, absolute)
        && absolute < idle
    {
        let what = "is below session.idle_seconds_max";
        checker.note(
            "session.absolute_seconds_max",
            what,
            format!("set at least {idle}"),
        );
    }
    Some(Session {
        idle_seconds_max: idle?,
        absolute_seconds_max: absolute?,
    })
}

fn worker(section: &file::Worker, checker: &mut Checker<'_>) -> Option<Worker> {
    let jobs = checker.number("worker.jobs_parallel_max", section.jobs_parallel_max, 2, 1..=64);
    let poll = checker.number("worker.poll_seconds", section.poll_seconds, 5, 1..=300);
    Some(Worker {
        jobs_parallel_max: jobs?,
        poll_seconds: poll?,
    })
}
