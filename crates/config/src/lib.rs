#![doc = include_str!("../README.md")]

mod backup;
mod checker;
mod client;
mod config;
mod environment;
mod file;
mod inspect;
mod network;
mod places;
mod problem;
mod secret;
mod sections;
mod target;
mod window;

pub use backup::{Backup, Bucket, SecondLocation, Sftp};
pub use client::ClientConfig;
pub use config::{
    Acme, Audit, Config, DEFAULT_PATH, Database, Keys, Limits, Listen, Log, Outgoing, RebootSetting, Session,
    TARGETS_MAX, Tls, TlsMinimum, Updates, Worker,
};
pub use environment::{CREDENTIALS, Environment};
pub use network::{InvalidNetwork, Network};
pub use problem::{ConfigError, Place, Problem};
pub use secret::{Secret, SecretError, SecretSource, read_secret};
pub use sections::ACME_PROOFS;
pub use target::{InvalidTarget, Target, TargetHost};
pub use window::{InvalidWindow, Window};
