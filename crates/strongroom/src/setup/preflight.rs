//! What must be true before set-up writes anything: the machine, the ports, PostgreSQL, the answers' files.
//!
//! Invariant: everything that refuses is told at once, with what to do; nothing is changed here.

use super::{
    answers::Answers,
    site::Site,
    step::{certificate_faults, cluster_of, settings_differences},
};
use crate::{
    failure::CommandError,
    finding::Finding,
    machine::{self, Facts},
    probe::Probe,
};
use ::host::{
    account::{self, Account},
    port, postgresql,
    postgresql::Cluster,
    run::Program,
    write,
};
use openssl::x509::X509;
use std::{error::Error, io, net::SocketAddr, path::Path};

/// Debian's place for data.
const DATA: &str = "/var/lib/postgresql";
/// The oldest major that is tested.
const POSTGRESQL_MIN: u32 = 15;

/// Who runs this, and who will run the daemons.
pub(super) fn people(answers: &Answers, user: Option<&Account>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !account::is_root() {
        findings.push(Finding::fault(
            "rights",
            "set-up changes what only root may change",
            "run it as root",
        ));
    }
    let name = &answers.services.user;
    findings.push(match user {
        Some(_) => Finding::ok("service-user", format!("the daemons run as {name}")),
        None => Finding::fault(
            "service-user",
            format!("there is no system user {name}"),
            "install the package strongroom, which makes it, or name another in services.user",
        ),
    });
    findings
}

/// Everything else.
pub(super) fn check(site: &Site) -> Vec<Finding> {
    let data = site
        .answers
        .database
        .data_folder
        .as_deref()
        .unwrap_or(Path::new(DATA));
    let written = [("the database", data), ("the settings", site.folder())];
    let mut findings = machine::judge(&Facts::gather(&written, Some(&site.answers.server.name)));
    findings.push(https(site));
    findings.extend(site.answers.server.http.map(|http| plain_port(site, http)));
    findings.extend(postgresql(site));
    findings.extend(certificate(site));
    findings.extend(settings(site));
    findings.extend(password(site));
    findings.extend(missing(&site.answers, Program::is_installed));
    findings
}

/// What the backups that are asked for cannot do without. Only a bucket needs rclone, so no package of ours brings it.
fn missing(answers: &Answers, is_installed: impl Fn(Program) -> bool) -> Vec<Finding> {
    let backup = &answers.backup;
    let wanted = [
        (backup.enable, Program::PgBackRest, "pgbackrest"),
        (backup.enable && backup.is_to_bucket(), Program::Rclone, "rclone"),
    ];
    let missing = wanted
        .into_iter()
        .filter(|(is_wanted, program, _)| *is_wanted && !is_installed(*program));
    missing
        .map(|(_, _, package)| {
            let what = format!("the backups need Debian's package {package}, which is not installed");
            Finding::fault("backup", what, format!("run `apt install {package}`"))
        })
        .collect()
}

/// Free, or held by the appliance that is being set up.
fn https(site: &Site) -> Finding {
    let address = site.answers.server.https;
    match port::try_listening(address) {
        Ok(()) => Finding::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_ours(site) => {
            Finding::ok("port", format!("{address} is served by this appliance"))
        }
        Err(error) => refused_port("server.https", address, &error),
    }
}

/// The redirect belongs to whoever serves HTTPS.
fn plain_port(site: &Site, address: SocketAddr) -> Finding {
    match port::try_listening(address) {
        Ok(()) => Finding::ok("port", format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_ours(site) => {
            Finding::ok("port", format!("{address} is taken, and this appliance runs"))
        }
        Err(error) => refused_port("server.http", address, &error),
    }
}

fn refused_port(key: &str, address: SocketAddr, error: &io::Error) -> Finding {
    let (what, advice) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("another program listens on {address}"),
            format!(
                "stop it (`ss -ltnp 'sport = :{}'` names it), or choose another port in {key}",
                address.port()
            ),
        ),
        io::ErrorKind::AddrNotAvailable => (
            format!("this machine has no address {}", address.ip()),
            format!(
                "write in {key} an address of this machine, or \"0.0.0.0:{}\" where IPv6 is off",
                address.port()
            ),
        ),
        _ => (
            format!("nobody can listen on {address} ({error})"),
            format!("choose another address in {key}"),
        ),
    };
    Finding::fault("port", what, advice)
}

/// Whether the certificate that is shown there is the one in our folder.
fn is_ours(site: &Site) -> bool {
    let ours = write::read(&site.certificate()).ok().flatten();
    let ours = ours.and_then(|pem| X509::from_pem(&pem).ok());
    let probe = Probe::of_listener(site.answers.server.https, &site.answers.server.name, None);
    let shown = probe.look().ok().and_then(|shown| shown.leaf);
    let der = |leaf: Option<X509>| leaf.and_then(|leaf| leaf.to_der().ok());
    der(ours)
        .zip(der(shown))
        .is_some_and(|(ours, shown)| ours == shown)
}

fn postgresql(site: &Site) -> Vec<Finding> {
    const CHECK: &str = "postgresql";
    let wanted = &site.answers.database;
    let installed = postgresql::installed_versions();
    let Some(version) = wanted.version.or_else(|| installed.first().copied()) else {
        return vec![Finding::fault(
            CHECK,
            "no PostgreSQL server is installed",
            "install Debian's package postgresql",
        )];
    };
    if !installed.contains(&version) {
        let what = format!("PostgreSQL {version} is not installed");
        return vec![Finding::fault(
            CHECK,
            what,
            "install it, or leave database.version out",
        )];
    }
    if version < POSTGRESQL_MIN {
        let what = format!("PostgreSQL {version} is too old");
        return vec![Finding::fault(CHECK, what, "install PostgreSQL 15 or newer")];
    }
    let clusters = match postgresql::clusters() {
        Ok(clusters) => clusters,
        Err(error) => {
            return vec![Finding::fault(
                CHECK,
                error.to_string(),
                "install Debian's package postgresql-common",
            )];
        }
    };
    let mine = cluster_of(site).ok().flatten();
    let mut findings = vec![Finding::ok(CHECK, format!("PostgreSQL {version}"))];
    findings.extend(mine.as_ref().and_then(foreign_cluster));
    findings.extend(
        clusters
            .iter()
            .filter(|other| Some(*other) != mine.as_ref())
            .filter_map(|other| {
                let taken = wanted.port == Some(other.port);
                taken.then(|| {
                    let what = format!(
                        "the cluster {}/{} has port {}",
                        other.version, other.name, other.port
                    );
                    Finding::fault(CHECK, what, "leave database.port out, or choose another")
                })
            }),
    );
    findings
}

/// A cluster of that name which set-up has not made is somebody else's: its rules of admission must not be
/// replaced.
fn foreign_cluster(cluster: &Cluster) -> Option<Finding> {
    let is_ours = postgresql::is_made_by_us(cluster).unwrap_or(false);
    (!is_ours).then(|| {
        let what = format!(
            "there is a cluster {}/{} that set-up has not made",
            cluster.version, cluster.name
        );
        let advice = format!(
            "choose another name in database.cluster; `pg_dropcluster {} {}` removes it, data and all, if it is left from an \
             interrupted set-up",
            cluster.version, cluster.name
        );
        Finding::fault("postgresql", what, advice)
    })
}

fn certificate(site: &Site) -> Option<Finding> {
    match certificate_faults(site) {
        Ok(None) => None,
        Ok(Some((what, advice))) => Some(Finding::fault("certificate", what, advice)),
        Err(error) => Some(Finding::fault(
            "certificate",
            with_cause(&error),
            "name files that root can read",
        )),
    }
}

fn settings(site: &Site) -> Option<Finding> {
    let shown = site.settings.display();
    match settings_differences(site) {
        Ok(found) if found.is_empty() => None,
        Ok(found) => Some(Finding::fault(
            "settings",
            format!(
                "{shown} says something else than the answers: {}",
                found.join("; ")
            ),
            "change one of the two; set-up never overwrites what stands there",
        )),
        Err(error) => Some(Finding::fault(
            "settings",
            with_cause(&error),
            format!("correct {shown}"),
        )),
    }
}

/// Only before the first run: afterwards the file is best gone.
fn password(site: &Site) -> Option<Finding> {
    let file = site.answers.organization.owner_password_file.as_deref()?;
    if site.settings.exists() {
        return None;
    }
    let error = crate::secret::read_file(file).err()?;
    Some(Finding::fault(
        "owner-password",
        with_cause(&error),
        "correct organization.owner_password_file",
    ))
}

fn with_cause(error: &CommandError) -> String {
    match error.source() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_with(backup: &str) -> usize {
        let text = format!(
            "[server]\nname = \"records.example.org\"\n[organization]\nslug = \"acme\"\nowner_email = \"ada@example.org\"\n\
             [backup]\n{backup}\n"
        );
        let answers = Answers::check(toml::from_str(&text).unwrap()).unwrap();
        missing(&answers, |_| false).len()
    }

    #[test]
    fn what_backups_cannot_do_without_is_told_before_anything_is_written() {
        assert_eq!(missing_with("enable = false"), 0);
        assert_eq!(missing_with("enable = true\nsecond = \"/mnt/backup\""), 1);
        let bucket = "enable = true\nsecond = \"s3://storage.example.org:443/copies/us\"";
        assert_eq!(missing_with(bucket), 2);
    }
}
