#![doc = include_str!("../README.md")]

pub mod client;
pub mod connection;
pub mod dn;
pub mod entry;
pub mod failure;
mod frame;
pub mod group;
pub mod identifier;
pub mod listing;
mod person;
pub mod pool;
pub mod refusal;
pub mod report;
pub mod service;
pub mod settings;
pub mod sign_in;
pub mod state;
mod tls;
mod transport;

pub use failure::Failure;
pub use person::Person;
pub use pool::Pool;
pub use refusal::Refusal;
pub use settings::Settings;
pub use sign_in::{Outcome, sign_in};
pub use state::State;
