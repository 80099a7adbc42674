//! The configuration file as it is written: types only, every key optional.
//!
//! Invariant: unknown keys are errors in every section. What is required and what is in bounds is decided in
//! `sections.rs`, so that all such problems are found at once and not one after the other.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) listen: Listen,
    pub(crate) tls: Tls,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) session: Session,
    pub(crate) worker: Worker,
    pub(crate) log: Log,
    pub(crate) outgoing: Outgoing,
    pub(crate) updates: Updates,
    pub(crate) backup: Backup,
    pub(crate) audit: Audit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Audit {
    pub(crate) folder: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Listen {
    pub(crate) https: Option<String>,
    pub(crate) http: Option<String>,
    pub(crate) base_url: Option<String>,
    pub(crate) trusted_proxies: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) minimum: Option<String>,
    pub(crate) acme: Option<Acme>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Acme {
    pub(crate) directory: Option<String>,
    pub(crate) trust: Option<String>,
    pub(crate) proofs: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<i64>,
    pub(crate) name: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password_file: Option<String>,
    pub(crate) connections_max: Option<i64>,
    pub(crate) statement_seconds_max: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    pub(crate) root_file: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) body_bytes_max: Option<i64>,
    pub(crate) upload_bytes_max: Option<i64>,
    pub(crate) requests_per_minute: Option<i64>,
    pub(crate) connections_per_address: Option<i64>,
    pub(crate) sign_in_per_minute: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) idle_seconds_max: Option<i64>,
    pub(crate) absolute_seconds_max: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Worker {
    pub(crate) jobs_parallel_max: Option<i64>,
    pub(crate) poll_seconds: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outgoing {
    pub(crate) targets: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Updates {
    pub(crate) window: Option<String>,
    pub(crate) reboot: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backup {
    pub(crate) folder: Option<String>,
    pub(crate) record: Option<String>,
    pub(crate) retention_days: Option<i64>,
    pub(crate) full_days: Option<i64>,
    pub(crate) second: Option<String>,
    pub(crate) second_host_key: Option<String>,
    pub(crate) second_region: Option<String>,
    pub(crate) second_access_key: Option<String>,
    pub(crate) second_authority_file: Option<String>,
    pub(crate) second_bytes_per_second: Option<i64>,
}
