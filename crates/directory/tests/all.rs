//! The client against real servers, and against servers that are not what they say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "all/active_directory.rs"]
mod active_directory;
#[path = "all/bad_server.rs"]
mod bad_server;
#[path = "all/client.rs"]
mod client;
#[path = "all/fixture.rs"]
mod fixture;
#[path = "all/listing.rs"]
mod listing;
#[path = "all/report.rs"]
mod report;
#[path = "all/service.rs"]
mod service;
#[path = "all/sign_in.rs"]
mod sign_in;
#[path = "all/trust.rs"]
mod trust;
