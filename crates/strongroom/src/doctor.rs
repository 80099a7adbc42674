//! `strongroom doctor`: is this appliance well, and what is to be done about it.
//!
//! Invariants: a check that cannot look says so; nothing is changed but by `--repair`, and then only owners
//! and modes of our own files and units that should run. Every check has a test in which it fails. Start at
//! [`examine`].

mod appliance;
mod audit_log;
mod audit_note;
mod audit_witness;
mod backup;
mod directories;
mod files;
mod firewall;
mod forwarding;
mod listener;
mod mail;
mod mutes;
mod providers;
mod stored_certificates;
mod targets;
mod units;
mod updates;
mod webhook;

use crate::{
    finding::Finding,
    machine::{self, Facts},
    major::standing,
};
use ::host::{account, postgresql};
use config::{Config, Environment};
use std::path::{Path, PathBuf};

/// Every check by its stable name, as a mute may name it.
pub(crate) const CHECKS: [&str; 37] = [
    "files",
    "settings",
    "database",
    "migrations",
    "postgresql",
    "root-key",
    "promises",
    "second-factors",
    "directories",
    "providers",
    "mail",
    "webhook",
    "forwarding",
    "stored-certificates",
    "audit-log",
    "audit-witness",
    "audit-note",
    "certificate",
    "listener",
    "units",
    "egress",
    "ssh",
    "firewall",
    "outgoing",
    "backups",
    "security-updates",
    "platform-update",
    "operating-system",
    "processors",
    "memory",
    "clock",
    "host-name",
    "disk-space",
    "disk-speed",
    "disk-encryption",
    "swap",
    "mutes",
];

/// Whether the doctor also mends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// Only look.
    Look,
    /// Mend what can be mended without loss.
    Repair,
}

/// Looks at everything.
pub(crate) fn examine(settings: &Path, hand: Hand) -> Vec<Finding> {
    let config = Config::load_with(Some(settings), &Environment::default());
    let config = config.as_ref().ok();
    let mut findings = files::check(settings, config, hand);
    findings.extend(settings_check(settings));
    match config {
        Some(config) => {
            findings.extend(appliance::check(config));
            findings.extend(listener::certificate(config));
            findings.extend(listener::check(config));
            findings.push(firewall::check(config));
            findings.push(targets::check(config));
            findings.extend(backup::check(config));
        }
        None => findings.extend(
            [
                "database",
                "root-key",
                "promises",
                "second-factors",
                "directories",
                "providers",
                "mail",
                "webhook",
                "forwarding",
                "stored-certificates",
                "audit-log",
                "audit-witness",
                "audit-note",
                "certificate",
                "listener",
                "firewall",
                "outgoing",
                "backups",
            ]
            .map(|check| {
                Finding::could_not_look(check, "the settings cannot be read", "see the check `settings`")
            }),
        ),
    }
    findings.push(standing::check(config));
    findings.extend(units::check(hand));
    let kept = config.map(crate::outgoing::kept);
    findings.push(units::egress(&kept.and_then(Result::ok).unwrap_or_default()));
    findings.push(units::ssh());
    findings.extend(updates::check());
    findings.extend(machine::judge(&facts(settings, config)));
    mutes::apply(settings, &mut findings);
    findings
}

fn settings_check(settings: &Path) -> Vec<Finding> {
    let problems = Config::check_with(Some(settings), &Environment::default());
    if problems.is_empty() {
        return vec![Finding::ok("settings", settings.display().to_string())];
    }
    let finding = |problem: config::Problem| {
        let what = format!("{}: {}", problem.place, problem.what);
        Finding::fault("settings", what, problem.advice)
    };
    problems.into_iter().map(finding).collect()
}

fn facts(settings: &Path, config: Option<&Config>) -> Facts {
    let data = config.and_then(data_folder);
    let data = data.as_deref().unwrap_or(Path::new("/var/lib/postgresql"));
    let folder = settings.parent().unwrap_or(Path::new("/"));
    let written = match account::is_root() {
        true => vec![("the database", data), ("the settings", folder)],
        false => vec![("the database", data)],
    };
    let host = config.and_then(|config| config.listen.base_url.host_str());
    Facts::gather(&written, host.map(|host| host.trim_matches(['[', ']'])))
}

/// Where the data of the database that the settings name lies, if it is one of Debian's clusters.
fn data_folder(config: &Config) -> Option<PathBuf> {
    let found = postgresql::at_socket(&config.database.host, config.database.port);
    Some(found.ok()??.data_folder)
}
