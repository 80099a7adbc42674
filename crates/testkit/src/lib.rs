#![doc = include_str!("../README.md")]

#[cfg(feature = "database")]
pub mod acts;
pub mod cluster;
pub mod install;
pub mod machine;
mod once;
pub mod package;
pub mod process;
pub mod repository;
pub mod secret;
pub mod sftp;
pub mod state;
pub mod unpacked;

#[cfg(feature = "certificate")]
pub mod authenticator;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "certificate")]
pub mod certificate;
#[cfg(feature = "certificate")]
pub mod collector;
#[cfg(feature = "database")]
pub mod database;
#[cfg(feature = "directory")]
pub mod directory;
#[cfg(feature = "openid")]
pub mod mail;
#[cfg(feature = "openid")]
pub mod openid;
#[cfg(feature = "certificate")]
pub mod security_key;
#[cfg(feature = "certificate")]
pub mod sms;
#[cfg(feature = "database")]
pub mod wait;

#[cfg(feature = "browser")]
pub use browser::Browser;
#[cfg(feature = "certificate")]
pub use certificate::Authority;
pub use cluster::{Cluster, ClusterSettings, Durability, Login};
#[cfg(feature = "certificate")]
pub use collector::Collector;
#[cfg(feature = "database")]
pub use database::TestDatabase;
pub use machine::Machine;
#[cfg(feature = "openid")]
pub use mail::MailServer;
#[cfg(feature = "openid")]
pub use openid::OpenIdProvider;
pub use sftp::SftpServer;
#[cfg(feature = "certificate")]
pub use sms::SmsGateway;
#[cfg(feature = "database")]
pub use wait::wait_until;
