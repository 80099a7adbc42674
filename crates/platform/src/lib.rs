#![doc = include_str!("../README.md")]

pub mod account;
mod act;
mod cache;
pub mod caller;
pub mod cursor;
pub mod dataset;
pub mod error;
mod key;
pub mod list;
pub mod organization;
pub mod platform;
pub mod record;
mod sealing;
pub mod session;
pub mod workspace;

pub use caller::{Caller, Origin};
pub use error::{Failure, PlatformError};
pub use platform::{Platform, Settings};
pub use workspace::Workspace;
