//! The staged test: from the name service to a person's groups, each step with its time, up to the first that fails.
//!
//! Invariant: a stage says "good" only when it was made; what comes after a failure is not looked at and not told.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use vault::SecretText;

use crate::{
    connection::{Connection, Depth},
    failure::{Failure, plain},
    group::{self, Group},
    person::Person,
    settings::{Server, Settings},
    sign_in,
    transport::Step,
};

/// Longest wait for the whole test.
const PATIENCE: Duration = Duration::from_secs(90);
/// People that the filter may find before counting stops.
const HITS_MAX: usize = 200_000;

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Its name: `DNS`, `TCP`, `StartTLS`, `TLS`, `client certificate`, `rootDSE`, `bind`, `base`, `filter`, `person`, `groups`.
    pub name: &'static str,
    /// The server it was made with.
    pub server: String,
    /// Did it work?
    pub good: bool,
    /// What was seen, or what is wrong and what to do.
    pub text: String,
    /// Milliseconds.
    pub took_ms: u64,
}

/// What the test saw.
#[derive(Debug, Default)]
pub struct Report {
    /// The steps, in their order.
    pub stages: Vec<Stage>,
    /// The person asked for, and their groups.
    pub person: Option<(Person, Vec<Group>)>,
    /// Whole days until the first of the servers' certificates ends.
    pub certificate_days: Option<i64>,
}

impl Report {
    /// The first step that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| !stage.good)
    }

    fn good(&mut self, name: &'static str, server: &str, text: impl Into<String>, began: Instant) {
        self.stages
            .push(stage(name, server, true, text.into(), began.elapsed()));
    }

    fn bad(&mut self, name: &'static str, server: &str, text: impl Into<String>, began: Instant) {
        self.stages
            .push(stage(name, server, false, text.into(), began.elapsed()));
    }
}

fn stage(name: &'static str, server: &str, good: bool, text: String, took: Duration) -> Stage {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Stage {
        name,
        server: server.to_owned(),
        good,
        text,
        took_ms,
    }
}

/// Tests a directory: every server up to the bind, then the first that works down to the person.
pub async fn test(
    settings: &Settings,
    secret: Option<&SecretText>,
    login: Option<&str>,
    now: Timestamp,
) -> Report {
    let mut report = Report::default();
    let began = Instant::now();
    if let Err(failure) = settings.check() {
        report.bad("settings", "", failure.to_string(), began);
        return report;
    }
    let looked = tokio::time::timeout(PATIENCE, look(&mut report, settings, secret, login, now)).await;
    if looked.is_err() {
        report.bad(
            "time",
            "",
            "the test took longer than 90 seconds and was stopped",
            began,
        );
    }
    report
}

async fn look(
    report: &mut Report,
    settings: &Settings,
    secret: Option<&SecretText>,
    login: Option<&str>,
    now: Timestamp,
) {
    let mut working = None;
    for server in &settings.servers {
        let connection = reach(report, settings, server, secret).await;
        working = working.or(connection);
    }
    let Some(mut connection) = working else { return };
    if !bases(report, &mut connection, settings).await {
        return;
    }
    if let Some(login) = login {
        person(report, &mut connection, settings, login, now).await;
    }
}

/// Up to the bind of the service account.
async fn reach(
    report: &mut Report,
    settings: &Settings,
    server: &Server,
    secret: Option<&SecretText>,
) -> Option<Connection> {
    let label = server.to_string();
    let mut steps = Vec::new();
    let began = Instant::now();
    let opened = Connection::open(settings, server, &mut steps).await;
    for Step {
        name,
        text,
        took,
        certificate_days,
    } in steps
    {
        let known = report.certificate_days.into_iter();
        report.certificate_days = known.chain(certificate_days).min();
        report.stages.push(stage(name, &label, true, text, took));
    }
    let mut connection = match opened {
        Ok(connection) => connection,
        Err(failure) => {
            report.bad(stage_of(&failure), &label, failure.to_string(), began);
            return None;
        }
    };
    let began = Instant::now();
    match root(&mut connection).await {
        Ok(text) => report.good("rootDSE", &label, text, began),
        Err(failure) if failure.is_of_the_server() => {
            let name = match failure {
                Failure::ClientRefused { .. } | Failure::Unheard { .. } => "client certificate",
                _ => "rootDSE",
            };
            report.bad(name, &label, failure.to_string(), began);
            return None;
        }
        Err(_) => report.good("rootDSE", &label, "not shown before a bind", began),
    }
    let began = Instant::now();
    let Some(secret) = secret else {
        report.bad(
            "bind",
            &label,
            "the service account has no password here; set one",
            began,
        );
        return None;
    };
    match connection.bind_service(settings, secret).await {
        Ok(()) => report.good("bind", &label, format!("as {}", settings.service_dn), began),
        Err(failure) => {
            report.bad("bind", &label, failure.to_string(), began);
            return None;
        }
    }
    Some(connection)
}

fn stage_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::Name { .. } | Failure::NotNamed { .. } => "DNS",
        Failure::Tcp { .. } => "TCP",
        Failure::StartTlsRefused { .. } | Failure::Nonsense { .. } => "StartTLS",
        Failure::ClientCertificate(_) | Failure::ClientKey(_) | Failure::ClientRefused { .. } => {
            "client certificate"
        }
        _ => "TLS",
    }
}

async fn root(connection: &mut Connection) -> Result<String, Failure> {
    let attributes = [
        "vendorName",
        "vendorVersion",
        "dnsHostName",
        "defaultNamingContext",
        "namingContexts",
    ];
    let entry = connection.read("", &attributes).await?.unwrap_or_default();
    let said: Vec<&str> = attributes.iter().filter_map(|name| entry.text(name)).collect();
    Ok(if said.is_empty() {
        "the server says nothing of itself".to_owned()
    } else {
        plain(&said.join(", "))
    })
}

/// That the bases are there, and whom the filter finds.
async fn bases(report: &mut Report, connection: &mut Connection, settings: &Settings) -> bool {
    let server = connection.server.clone();
    for base in settings.person_bases.iter().chain(&settings.group_bases) {
        let began = Instant::now();
        match connection
            .search(base, Depth::Itself, "(objectClass=*)", &["1.1"], 1)
            .await
        {
            Ok(found) if !found.is_empty() => report.good("base", &server, base.clone(), began),
            Ok(_) => {
                let failure = Failure::Base {
                    base: base.clone(),
                    code: 0,
                };
                report.bad("base", &server, failure.to_string(), began);
                return false;
            }
            Err(failure) => {
                report.bad("base", &server, failure.to_string(), began);
                return false;
            }
        }
    }
    let began = Instant::now();
    let mut hits = 0;
    for base in &settings.person_bases {
        match connection
            .list(base, &settings.person_filter, &["1.1"], HITS_MAX)
            .await
        {
            Ok(found) => hits += found.len(),
            Err(failure) => {
                report.bad("filter", &server, failure.to_string(), began);
                return false;
            }
        }
    }
    if hits == 0 {
        let why = "the filter finds nobody; look at it, and whether the service account may read people";
        report.bad("filter", &server, why, began);
        return false;
    }
    report.good("filter", &server, format!("{hits} people"), began);
    true
}

async fn person(
    report: &mut Report,
    connection: &mut Connection,
    settings: &Settings,
    login: &str,
    now: Timestamp,
) {
    let server = connection.server.clone();
    let began = Instant::now();
    let person = match sign_in::search(connection, settings, login, now).await {
        Ok(Ok(person)) => person,
        Ok(Err(refusal)) => return report.bad("person", &server, refusal.to_string(), began),
        Err(failure) => return report.bad("person", &server, failure.to_string(), began),
    };
    match person.state.refusal() {
        None => report.good("person", &server, format!("{} ({})", person.dn, person.id), began),
        Some(refusal) => report.bad("person", &server, format!("{}: {refusal}", person.dn), began),
    }
    let began = Instant::now();
    match group::of_person(connection, settings, &person).await {
        Ok(groups) => {
            report.good("groups", &server, format!("{} groups", groups.len()), began);
            report.person = Some((person, groups));
        }
        Err(failure) => report.bad("groups", &server, failure.to_string(), began),
    }
}
