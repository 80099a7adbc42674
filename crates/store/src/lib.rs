#![doc = include_str!("../README.md")]

pub mod again;
pub mod backup;
pub mod connect;
pub mod control;
pub mod database;
pub mod entry;
pub mod error;
pub mod identifier;
pub mod migration;
pub mod tenant;

pub use connect::{Address, Login};
pub use entry::NewEntry;
pub use error::StoreError;
