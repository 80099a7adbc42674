//! The use cases against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "all/fixture.rs"]
mod fixture;
#[path = "all/record.rs"]
mod record;
