//! The steps of set-up, in their order.
//!
//! Invariant: `look` changes nothing; `apply` does no harm where it was interrupted before.

mod audit_kit;
mod audit_note;
mod audit_witness;
mod backup;
mod certificate;
mod cluster;
mod database;
mod directory;
mod firewall;
mod folders;
mod forwarding;
mod health;
mod mail;
mod operator;
mod organization;
mod providers;
mod recovery_kit;
mod renewal;
mod second_factor;
mod secrets;
pub(crate) mod services;
mod settings;
mod updates;
mod webhook;

pub(super) use certificate::{
    given_faults as certificate_faults, present as present_certificate, renew as renew_certificate,
};
pub(super) use cluster::find as cluster_of;
pub(super) use settings::differences as settings_differences;

use super::site::Site;
use crate::failure::CommandError;
use vault::SecretText;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// The folders below /etc/strongroom
    Folders,
    /// The root key and the database password
    Secrets,
    /// The server's certificate
    Certificate,
    /// The PostgreSQL cluster
    Cluster,
    /// The settings file strongroom.toml
    Settings,
    /// The database, its roles and schemas
    Database,
    /// The first organization and its owner
    Organization,
    /// The first owner as an operator, where the answers ask for it
    Operator,
    /// The first owner's second factor, where the answers ask for it
    SecondFactor,
    /// The LDAP directory, where the answers name one
    Directory,
    /// The OpenID provider, where the answers name one
    Providers,
    /// The mail server, where the answers name one
    Mail,
    /// The program that alerts go to, where the answers name one
    Webhook,
    /// The collector of logs, where the answers name one
    Forwarding,
    /// The witness of the audit log, where the answers name one
    AuditWitness,
    /// Whom the note of the day goes to, where the answers name somebody
    AuditNote,
    /// Backups, where the answers ask for them
    Backup,
    /// The recovery kit, where the answers say where it goes
    RecoveryKit,
    /// The systemd units
    Services,
    /// Updates of Debian and of the platform
    Updates,
    /// An answer over HTTPS
    Health,
    /// The auditor's kit, where the answers say where it goes
    AuditKit,
    /// The certificate's renewal
    Renewal,
    /// The firewall, where the answers ask for it
    Firewall,
}

/// In the order in which they are taken.
pub(crate) const STEPS: [Step; 24] = [
    Step::Folders,
    Step::Secrets,
    Step::Certificate,
    Step::Cluster,
    Step::Settings,
    Step::Database,
    Step::Organization,
    Step::Operator,
    Step::SecondFactor,
    Step::Directory,
    Step::Providers,
    Step::Mail,
    Step::Webhook,
    Step::Forwarding,
    Step::AuditWitness,
    Step::AuditNote,
    Step::Backup,
    Step::RecoveryKit,
    Step::Services,
    Step::Updates,
    Step::Health,
    Step::AuditKit,
    Step::Renewal,
    Step::Firewall,
];

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is left to do.
    Done(String),
    /// Something is.
    ToDo(String),
    /// Somebody else must act first; what, and how to go on.
    Waiting(String),
    /// Not on this machine, or not wanted; why.
    LeftOut(String),
}

/// One run of set-up.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) site: &'a Site,
    /// Only look.
    pub(crate) is_dry: bool,
    /// Something was changed in this run, so that running daemons may hold what was before.
    pub(crate) is_changed: bool,
    /// The services were started anew in this run.
    is_restarted: bool,
    /// The daemons are not ours to start.
    is_without_services: bool,
    /// As it was given when the first owner was made: for the step after it.
    owner_password: Option<SecretText>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(site: &'a Site, is_dry: bool) -> Self {
        Self {
            site,
            is_dry,
            is_changed: false,
            is_restarted: false,
            is_without_services: false,
            owner_password: None,
        }
    }
}

impl Step {
    /// Its stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Folders => "folders",
            Self::Secrets => "secrets",
            Self::Certificate => "certificate",
            Self::Cluster => "cluster",
            Self::Settings => "settings",
            Self::Database => "database",
            Self::Organization => "organization",
            Self::Operator => "operator",
            Self::SecondFactor => "second-factor",
            Self::Directory => "directory",
            Self::Providers => "providers",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Forwarding => "forwarding",
            Self::AuditWitness => "audit-witness",
            Self::AuditNote => "audit-note",
            Self::Backup => "backup",
            Self::RecoveryKit => "recovery-kit",
            Self::Services => "services",
            Self::Updates => "updates",
            Self::Health => "health",
            Self::AuditKit => "audit-kit",
            Self::Renewal => "renewal",
            Self::Firewall => "firewall",
        }
    }

    /// How it stands.
    pub(super) fn look(self, run: &mut Run<'_>) -> Result<Standing, CommandError> {
        match self {
            Self::Folders => folders::look(run.site),
            Self::Secrets => secrets::look(run.site),
            Self::Certificate => certificate::look(run.site),
            Self::Cluster => cluster::look(run.site),
            Self::Settings => settings::look(run.site),
            Self::Database => database::look(run.site),
            Self::Organization => organization::look(run.site),
            Self::Operator => operator::look(run.site),
            Self::SecondFactor => second_factor::look(run.site),
            Self::Directory => directory::look(run.site),
            Self::Providers => providers::look(run.site),
            Self::Mail => mail::look(run.site),
            Self::Webhook => webhook::look(run.site),
            Self::Forwarding => forwarding::look(run.site),
            Self::AuditWitness => audit_witness::look(run.site),
            Self::AuditNote => audit_note::look(run.site),
            Self::Backup => backup::look(run.site),
            Self::RecoveryKit => recovery_kit::look(run.site),
            Self::Services => services::look(run),
            Self::Updates => updates::look(run.site),
            Self::Health => health::look(run),
            Self::AuditKit => audit_kit::look(run),
            Self::Renewal => renewal::look(run),
            Self::Firewall => firewall::look(run),
        }
    }

    /// Does what is left to do.
    pub(super) fn apply(self, run: &mut Run<'_>) -> Result<(), CommandError> {
        match self {
            Self::Folders => folders::apply(run.site),
            Self::Secrets => secrets::apply(run.site),
            Self::Certificate => certificate::apply(run.site),
            Self::Cluster => cluster::apply(run.site),
            Self::Settings => settings::apply(run.site),
            Self::Database => database::apply(run.site),
            Self::Organization => organization::apply(run),
            Self::Operator => operator::apply(run.site),
            Self::SecondFactor => second_factor::apply(run),
            Self::Directory => directory::apply(run.site),
            Self::Providers => providers::apply(run.site),
            Self::Mail => mail::apply(run.site),
            Self::Webhook => webhook::apply(run.site),
            Self::Forwarding => forwarding::apply(run.site),
            Self::AuditWitness => audit_witness::apply(run.site),
            Self::AuditNote => audit_note::apply(run.site),
            Self::Backup => backup::apply(run.site),
            Self::RecoveryKit => recovery_kit::apply(run.site),
            Self::Services => services::apply(run),
            Self::Updates => updates::apply(run),
            Self::Health => health::apply(run),
            Self::AuditKit => audit_kit::apply(run),
            Self::Renewal => renewal::apply(run),
            Self::Firewall => firewall::apply(run.site),
        }
    }
}
