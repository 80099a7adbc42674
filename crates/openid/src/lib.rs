#![doc = include_str!("../README.md")]

mod claims;
mod client;
mod discovery;
mod flow;
mod keys;
mod logout;
mod provider;
mod reach;
mod report;
mod token;
pub mod wire;

pub use claims::{ClaimFault, Person};
pub use client::{Begun, Client, OpenIdError};
pub use discovery::DiscoveryError;
pub use flow::{Answer, AnswerError, Flow};
pub use keys::KeyError;
pub use logout::Leave;
pub use provider::{Algorithm, Issuer, Preset, Provider, ProviderError, SecondFactor};
pub use reach::{Reach, Tell};
pub use report::{Report, Stage, Verdict};
pub use token::TokenError;
pub use wire::{CertificateError, WireError};
