//! The store against a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "all/control.rs"]
mod control;
#[path = "all/migration.rs"]
mod migration;
