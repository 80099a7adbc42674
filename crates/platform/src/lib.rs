#![doc = include_str!("../README.md")]

pub mod access_log;
pub mod account;
mod act;
pub mod bulk;
mod cache;
pub mod caller;
pub mod check;
pub mod cursor;
pub mod database;
pub mod dataset;
pub mod error;
pub mod export;
pub mod file;
pub mod form;
pub mod idempotency;
pub mod import;
pub mod job;
mod key;
pub mod list;
pub mod member;
pub mod organization;
pub mod people;
mod pipe;
pub mod platform;
pub mod record;
mod sealing;
pub mod session;
pub mod token;
pub mod trail;
mod upkeep;
pub mod work;
pub mod workspace;

pub use caller::{Caller, Origin};
pub use error::{Failure, PlatformError};
pub use platform::{Platform, Settings};
pub use workspace::Workspace;
