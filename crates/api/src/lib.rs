#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod call;
mod condition;
mod credential;
mod document;
mod handler;
mod idempotency;
mod origin;
mod rate;
mod read;
mod refusal;
mod route;
mod serve;
mod table;
mod view;

pub use api::{Api, ApiSettings};
pub use document::{document, openapi_json};
pub use route::{Effect, Needs, Route, Verb};
pub use serve::configure;
pub use table::{ROUTES, declarations};
