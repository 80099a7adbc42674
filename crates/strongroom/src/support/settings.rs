//! The settings, each by its type: numbers and choices as they are, places and names as pseudonyms, secrets not at all.

use super::{
    Page,
    safe::{Redactor, Safe},
};
use config::{Config, ConfigError, Environment, SecretSource};
use std::{net::SocketAddr, path::Path};

pub(super) fn page(redactor: &Redactor, place: &Path, config: Result<&Config, &ConfigError>) -> Page {
    let mut page = Page::new(
        "settings.txt",
        "how the appliance is set, to see what follows from it",
    );
    page.fact("file", path(redactor, place));
    match config {
        Ok(config) => write(&mut page, redactor, config),
        Err(_) => page.line([Safe::known("the settings cannot be read")]),
    }
    for problem in Config::check_with(Some(place), &Environment::default()) {
        let (line, _) = problem.place.position.unwrap_or_default();
        page.line([
            Safe::known("problem in line"),
            Safe::number(i64::try_from(line).unwrap_or(0)),
            redactor.text(&problem.place.key),
            redactor.text(&problem.what),
        ]);
    }
    page
}

fn write(page: &mut Page, redactor: &Redactor, config: &Config) {
    page.fact("listen.https", socket(redactor, config.listen.https));
    if let Some(http) = config.listen.http {
        page.fact("listen.http", socket(redactor, http));
    }
    page.fact("listen.base_url", redactor.text(config.listen.base_url.as_str()));
    let proxies = i64::try_from(config.listen.trusted_proxies.len()).unwrap_or(i64::MAX);
    page.fact("listen.trusted_proxies (how many)", Safe::number(proxies));
    page.fact("tls.certificate", path(redactor, &config.tls.certificate));
    page.fact("tls.key", secret(redactor, Some(&config.tls.key)));
    page.fact("tls.minimum", Safe::known(config.tls.minimum.as_str()));
    if let Some(acme) = &config.tls.acme {
        page.fact("tls.acme.directory", redactor.text(acme.directory.as_str()));
        page.fact("tls.acme.proofs", path(redactor, &acme.proofs));
    }
    write_database(page, redactor, config);
    page.fact("keys.root_file", secret(redactor, Some(&config.keys.root_file)));
    let limits = &config.limits;
    page.fact("limits.body_bytes_max", Safe::number(limits.body_bytes_max));
    page.fact("limits.upload_bytes_max", Safe::number(limits.upload_bytes_max));
    page.fact(
        "limits.requests_per_minute",
        Safe::number(limits.requests_per_minute),
    );
    page.fact(
        "limits.connections_per_address",
        Safe::number(limits.connections_per_address),
    );
    page.fact(
        "limits.sign_in_per_minute",
        Safe::number(limits.sign_in_per_minute),
    );
    page.fact(
        "session.idle_seconds_max",
        Safe::number(config.session.idle_seconds_max),
    );
    page.fact(
        "session.absolute_seconds_max",
        Safe::number(config.session.absolute_seconds_max),
    );
    page.fact(
        "worker.jobs_parallel_max",
        Safe::number(config.worker.jobs_parallel_max),
    );
    page.fact("worker.poll_seconds", Safe::number(config.worker.poll_seconds));
    let targets = i64::try_from(config.outgoing.targets.len()).unwrap_or(i64::MAX);
    page.fact("outgoing.targets (how many)", Safe::number(targets));
    page.fact(
        "updates.window",
        redactor.text(&config.updates.window.to_string()),
    );
    let reboot = match config.updates.reboot {
        config::RebootSetting::Report => "report",
        config::RebootSetting::InWindow => "in-window",
    };
    page.fact("updates.reboot", Safe::known(reboot));
    write_backup(page, config);
    page.fact("log.filter", redactor.text(&config.log.filter));
}

fn write_database(page: &mut Page, redactor: &Redactor, config: &Config) {
    let database = &config.database;
    page.fact("database.host", path(redactor, &database.host));
    page.fact("database.port", Safe::number(database.port));
    page.fact("database.name", redactor.text(&database.name));
    page.fact("database.user", redactor.text(&database.user));
    page.fact(
        "database.password_file",
        secret(redactor, database.password_file.as_ref()),
    );
    page.fact("database.connections_max", Safe::number(database.connections_max));
    page.fact(
        "database.statement_seconds_max",
        Safe::number(database.statement_seconds_max),
    );
}

fn write_backup(page: &mut Page, config: &Config) {
    page.fact(
        "backup.retention_days",
        Safe::number(config.backup.retention_days),
    );
    page.fact("backup.full_days", Safe::number(config.backup.full_days));
    let second = match &config.backup.second {
        None => "none",
        Some(config::SecondLocation::Folder(_)) => "a folder",
        Some(config::SecondLocation::Sftp(_)) => "another machine",
        Some(config::SecondLocation::Bucket(_)) => "a bucket",
    };
    page.fact("backup.second", Safe::known(second));
    if let Some(rate) = config.backup.second_bytes_per_second {
        page.fact("backup.second_bytes_per_second", Safe::number(rate.get()));
    }
}

fn socket(redactor: &Redactor, address: SocketAddr) -> Safe {
    let parts = [redactor.address(address.ip()), Safe::number(address.port())];
    Safe::joined(parts, " port ")
}

fn path(redactor: &Redactor, path: &Path) -> Safe {
    redactor.text(&path.display().to_string())
}

/// Where a secret lies, and whether it can be read; of the secret itself nothing.
fn secret(redactor: &Redactor, source: Option<&SecretSource>) -> Safe {
    let Some(source) = source else {
        return Safe::known("none");
    };
    let place = match source {
        SecretSource::File(file) => Safe::joined([Safe::known("file"), path(redactor, file)], " "),
        SecretSource::Credential { name, .. } => {
            Safe::joined([Safe::known("credential"), redactor.text(name)], " ")
        }
    };
    let can_be_read = Safe::known(match config::read_secret(source) {
        Ok(_) => "can be read here",
        Err(_) => "cannot be read here",
    });
    Safe::joined([Safe::secret(), place, can_be_read], ", ")
}
