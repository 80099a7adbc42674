#![doc = include_str!("../README.md")]

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

pub use client::ClientConfig;
pub use config::{
    Acme, Config, DEFAULT_PATH, Database, Keys, Limits, Listen, Log, Session, Tls, TlsMinimum, Worker,
};
pub use environment::{CREDENTIALS, Environment};
pub use network::{InvalidNetwork, Network};
pub use problem::{ConfigError, Place, Problem};
pub use secret::{Secret, SecretError, SecretSource, read_secret};
pub use sections::ACME_PROOFS;
